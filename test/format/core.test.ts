// The core: one encoding for each value, and which labels there are.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { SealError } from "../../src/errors.js";
import { type Core, encodeCore, labelFault, MAX_SEALED_AT, parseCore } from "../../src/format/core.js";
import { MAGIC } from "../../src/format/magic.js";
import { parseBytes, parseFrom } from "../../src/format/parser.js";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }) as fc.Arbitrary<Bytes>;
const label = fc
  .oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string({ maxLength: 255 }))
  .filter((text) => labelFault(text) === null);
const core: fc.Arbitrary<Core> = fc.record({
  chunkExponent: fc.integer({ min: 12, max: 24 }),
  signer: fc.option(bytes(32).filter((key) => key.some((byte) => byte !== 0))),
  commitment: bytes(32),
  sealedAt: fc.integer({ min: 0, max: MAX_SEALED_AT }),
  label,
});

const ONE: Core = {
  chunkExponent: 22,
  signer: null,
  commitment: new Uint8Array(32),
  sealedAt: 1_800_000_000,
  label: "release 7",
};

function fault(input: Uint8Array): SealError {
  try {
    parseBytes(parseCore(), input);
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error("it was parsed");
}

describe("encode and parse", () => {
  test("give the value again, and how long it is, whatever follows", () => {
    fc.assert(
      fc.property(core, fc.uint8Array({ maxLength: 40 }), (value, rest) => {
        const encoded = encodeCore(value);
        const { value: parsed, length } = parseBytes(parseCore(), concat(encoded, rest));
        expect(parsed.core).toEqual(value);
        expect(parsed.bytes).toEqual(encoded);
        expect(length).toBe(encoded.length);
        expect(length).toBe(85 + new TextEncoder().encode(value.label).length);
      }),
    );
  });

  test("give the bytes again, wherever one of them is changed and it still is a core", () => {
    const encoded = fc.tuple(core.map(encodeCore), fc.nat(), fc.nat(255));
    let parsed = 0;
    fc.assert(
      fc.property(encoded, ([bytes, at, value]) => {
        const changed = bytes.slice();
        changed[at % changed.length] = value;
        try {
          const { value, length } = parseBytes(parseCore(), changed);
          expect(value.bytes).toEqual(changed.subarray(0, length));
          expect(encodeCore(value.core)).toEqual(value.bytes);
          parsed += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(SealError);
        }
      }),
      { numRuns: 500 },
    );
    expect(parsed).toBeGreaterThan(50);
  });

  test("bytes at random after the magic are refused as malformed or as cut, never otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (random) => {
        const input = concat(MAGIC, Uint8Array.of(1, 1, 12), random);
        try {
          const { value } = parseBytes(parseCore(), input);
          expect(encodeCore(value.core)).toEqual(value.bytes);
        } catch (error) {
          expect(["malformed", "tampered"]).toContain((error as SealError).code);
        }
      }),
    );
  });

  test("the parsed fields are copies: the input may be overwritten", () => {
    const input = encodeCore({ ...ONE, signer: new Uint8Array(32).fill(7) });
    const { value } = parseBytes(parseCore(), input);
    input.fill(0xff);
    expect(value.core.signer).toEqual(new Uint8Array(32).fill(7));
    expect(value.core.commitment).toEqual(new Uint8Array(32));
    expect(value.bytes.subarray(0, 8)).toEqual(MAGIC);
  });
});

describe("the parser", () => {
  test("asks for no more than the core, and refuses a field before it asks for the next", async () => {
    const encoded = encodeCore({ ...ONE, signer: new Uint8Array(32).fill(9) });
    // Where each field ends, and what makes it wrong.
    const faults: [end: number, at: number, value: number][] = [
      [8, 7, 0],
      [9, 8, 2],
      [10, 9, 2],
      [11, 10, 25],
      [12, 11, 2],
      [84, 76, 1],
    ];
    const asked = async (input: Uint8Array) => {
      let at = 0;
      const read = async (length: number) => {
        at += length;
        return input.subarray(at - length, at);
      };
      await parseFrom(parseCore(), read).catch((error) => expect(error).toBeInstanceOf(SealError));
      return at;
    };
    expect(await asked(concat(encoded, new Uint8Array(1000)))).toBe(encoded.length);
    for (const [end, at, value] of faults) {
      const bad = encoded.slice();
      bad[at] = value;
      expect(await asked(bad), `byte ${at}`).toBe(end);
      expect(fault(bad.subarray(0, end)).code).toBe("malformed");
    }
    const zeroSigner = encodeCore(ONE);
    zeroSigner[11] = 1;
    expect(await asked(zeroSigner)).toBe(44);
  });
});

describe("labels", () => {
  const RANGES: [first: number, last: number][] = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0x2028, 0x202e],
    [0x2066, 0x2069],
    [0xfeff, 0xfeff],
  ];
  const forbidden = (point: number) => RANGES.some(([first, last]) => point >= first && point <= last);

  test("without a character of the forbidden ranges, each with its neighbours on both sides", () => {
    const points = RANGES.flatMap(([first, last]) => [first - 1, first, first + 1, last - 1, last, last + 1]);
    for (const point of points.filter((point) => point >= 0)) {
      for (const text of [String.fromCodePoint(point), `a${String.fromCodePoint(point)}b`]) {
        const name = `U+${point.toString(16)}`;
        expect(labelFault(text) !== null, name).toBe(forbidden(point));
        const encoded = encodeCore({ ...ONE, label: text });
        if (forbidden(point)) expect(fault(encoded).code, name).toBe("malformed");
        else expect(parseBytes(parseCore(), encoded).value.core.label, name).toBe(text);
      }
    }
  });

  test("every code point is allowed, or is of those ranges, or is a lone surrogate", () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      const surrogate = point >= 0xd800 && point <= 0xdfff;
      if ((labelFault(String.fromCodePoint(point)) !== null) !== (forbidden(point) || surrogate))
        expect.fail(`U+${point.toString(16)}`);
    }
  });

  test.each(["\ud800", "\udbff", "\udc00", "\udfff", "a\ud83d", "\ude00b", "\ude00\ud83d"])(
    "a lone surrogate is no label: %j",
    (text) => expect(labelFault(text)).toMatch(/surrogate/),
  );

  test("a pair of surrogates is one character", () => expect(labelFault("\ud83d\ude00")).toBeNull());

  test.each([
    ["a", 1],
    ["é", 2],
    ["€", 3],
    ["😀", 4],
  ])("at most 255 bytes of UTF-8, not characters: %s", (character, size) => {
    const most = Math.floor(255 / size);
    expect(labelFault(character.repeat(most))).toBeNull();
    expect(labelFault(character.repeat(most) + "a".repeat(255 - most * size))).toBeNull();
    expect(labelFault(character.repeat(most) + "a".repeat(256 - most * size))).toMatch(/256 bytes/);
    expect(labelFault(character.repeat(most + 1))).toMatch(`${(most + 1) * size} bytes`);
  });

  test("nothing is normalised", () => {
    for (const text of ["é", "e\u0301", " a ", "\u00a0", "ﬁ"]) {
      expect(parseBytes(parseCore(), encodeCore({ ...ONE, label: text })).value.core.label).toBe(text);
    }
  });
});
