// The core: one encoding for each value, and what is refused. Labels have a file of their own.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { isRecordKey } from "../../src/crypto/ed25519-check.js";
import { SealError } from "../../src/errors.js";
import { type Core, coreKind, encodeCore, KIND_FILE, KIND_JOURNAL, parseCore } from "../../src/format/core.js";
import { MAGIC } from "../../src/format/magic.js";
import { parseBytes, parseFrom } from "../../src/format/parser.js";
import { MAX_SEALED_AT } from "../../src/time.js";
import { failure } from "../support.js";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }) as fc.Arbitrary<Bytes>;
const FORBIDDEN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const label = fc
  .oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string({ maxLength: 255 }))
  .map((text) => text.replace(FORBIDDEN, "x"));
const key = bytes(32).filter((key) => key.some((byte) => byte !== 0));
const keys = fc.option(fc.record({ signer: key, recordKey: key.filter(isRecordKey) }), {
  nil: { signer: null, recordKey: null },
});
const core: fc.Arbitrary<Core> = fc
  .record({
    chunkExponent: fc.integer({ min: 12, max: 24 }),
    keys,
    commitment: bytes(32),
    sealedAt: fc.integer({ min: 0, max: MAX_SEALED_AT }),
    label,
  })
  .map(({ keys, ...rest }) => ({ ...rest, ...keys }));

const ONE: Core = {
  chunkExponent: 22,
  signer: null,
  recordKey: null,
  commitment: new Uint8Array(32),
  sealedAt: 1_800_000_000,
  label: "release 7",
};
const SIGNED: Core = { ...ONE, signer: new Uint8Array(32).fill(7), recordKey: new Uint8Array(32).fill(9) };

function fault(input: Uint8Array, expected?: Parameters<typeof parseCore>[0]): SealError {
  try {
    parseBytes(parseCore(expected), input);
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
        expect(length).toBe(118 + new TextEncoder().encode(value.label).length);
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

  test("bytes at random after the magic are refused as malformed, unsupported or cut, never otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (random) => {
        const input = concat(MAGIC, Uint8Array.of(1, 1, 12), random);
        try {
          const { value } = parseBytes(parseCore(), input);
          expect(encodeCore(value.core)).toEqual(value.bytes);
        } catch (error) {
          expect(["malformed", "unsupported", "tampered"]).toContain((error as SealError).code);
        }
      }),
    );
  });

  test("the parsed fields are copies: the input may be overwritten", () => {
    const input = encodeCore(SIGNED);
    const { value } = parseBytes(parseCore(), input);
    input.fill(0xff);
    expect(value.core.signer).toEqual(new Uint8Array(32).fill(7));
    expect(value.core.recordKey).toEqual(new Uint8Array(32).fill(9));
    expect(value.core.commitment).toEqual(new Uint8Array(32));
    expect(value.bytes.subarray(0, 8)).toEqual(MAGIC);
  });
});

describe("the parser", () => {
  test("asks for no more than the core, and refuses a field before it asks for the next", async () => {
    const encoded = encodeCore(SIGNED);
    // Where each field ends, and what makes it wrong.
    const faults: [end: number, at: number, value: number, code?: string][] = [
      [8, 7, 0],
      [9, 8, 2, "unsupported"],
      [10, 9, 2],
      [10, 9, 3],
      [10, 9, 4, "unsupported"],
      [11, 10, 25],
      [12, 11, 2, "unsupported"],
      [13, 12, 1, "unsupported"],
      [117, 109, 1],
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
    for (const [end, at, value, code = "malformed"] of faults) {
      const bad = encoded.slice();
      bad[at] = value;
      expect(await asked(bad), `byte ${at}`).toBe(end);
      expect(fault(bad.subarray(0, end)).code).toBe(code);
    }
    expect(await asked(encodeCore({ ...SIGNED, signer: new Uint8Array(32) }))).toBe(45);
    expect(await asked(encodeCore({ ...SIGNED, recordKey: new Uint8Array(32) }))).toBe(77);
  });
});

/** The core with that byte in place of another. */
const withByte = (at: number, value: number, core = ONE) => {
  const input = encodeCore(core);
  input[at] = value;
  return input;
};

describe("what is refused is called by its name:", () => {
  test.each([
    ["version 0", () => withByte(8, 0), "version 0"],
    ["version 2", () => withByte(8, 2), "version 2"],
    ["a kind that does not exist", () => withByte(9, 5), "kind 5"],
    ["kind 0", () => withByte(9, 0), "kind 0"],
    ["another algorithm", () => withByte(11, 2), "algorithm 2"],
    ["other content", () => withByte(12, 1), "content 1"],
  ])("as a newer seal's: %s", (_what, input, message) => {
    const { code, message: told, hint } = fault(input());
    expect([code, hint]).toEqual(["unsupported", expect.stringContaining("Upgrade")]);
    expect(told).toBe(`a newer seal made this: ${told.split(": ")[1]}`);
    expect(told).toContain(message);
  });

  test.each([
    ["chunks of 2 KiB", () => withByte(10, 11), "2^11"],
    ["chunks of 32 MiB", () => withByte(10, 25), "2^25"],
    ["a signed file without a signer", () => withByte(11, 1), "all-zero signer"],
    ["an unsigned file with one", () => withByte(11, 0, SIGNED), "names a signer"],
    ["an unsigned file with a last byte of one", () => withByte(44, 1), "names a signer"],
    ["an unsigned file with a record key", () => withByte(45, 1), "with a record key"],
    ["a record key of small order", () => encodeCore({ ...SIGNED, recordKey: new Uint8Array(32) }), "small order"],
    ["the year 10000", () => withByte(109 + 2, 0xff), "year 9999"],
    ["a label that is no UTF-8", () => withByte(118, 0xff), "not valid UTF-8"],
    ["a label with a control character", () => withByte(118, 0x07), "the label has a control"],
  ])("%s", (_what, input, message) => {
    const error = fault(input());
    expect([error.code, error.message]).toEqual(["malformed", expect.stringContaining(message)]);
  });

  test("the last second of the year 9999 is none of that", () => {
    const most = encodeCore({ ...ONE, sealedAt: MAX_SEALED_AT });
    expect(parseBytes(parseCore(), most).value.core.sealedAt).toBe(Date.UTC(9999, 11, 31, 23, 59, 59) / 1000);
    most[109 + 7]! += 1;
    expect(fault(most).message).toMatch(/year 9999/);
  });
});

describe("kinds", () => {
  const epoch: Core = { ...SIGNED, previous: new Uint8Array(32).fill(8) };
  const parse = (value: Core, expected?: Parameters<typeof parseCore>[0]) =>
    parseBytes(parseCore(expected), encodeCore(value)).value;

  test("an epoch of a journal is a core with a chain value more", () => {
    const { core, bytes } = parse(epoch, KIND_JOURNAL);
    expect(core).toEqual(epoch);
    expect(bytes).toEqual(encodeCore(epoch));
    expect([bytes[9], bytes.length]).toEqual([2, 118 + 9 + 32]);
    expect(bytes.subarray(118 + 9)).toEqual(epoch.previous);
    expect(parse({ ...epoch, previous: new Uint8Array(32) }, KIND_JOURNAL).core.previous).toEqual(new Uint8Array(32));
  });

  test("either is taken where any kind is expected", () => {
    expect(coreKind(parse(epoch, "any").core)).toBe(KIND_JOURNAL);
    expect(coreKind(parse(ONE, "any").core)).toBe(KIND_FILE);
    expect(parse(ONE, "any").core).toEqual(ONE);
  });

  test("each is refused where the other is expected, with a word on what reads it", () => {
    const refused = (value: Core, expected?: Parameters<typeof parseCore>[0]) => {
      try {
        return parse(value, expected);
      } catch (error) {
        return error;
      }
    };
    const [journal, file] = (["a journal", "a sealed file"] as const).map((what, i) => ({
      code: "malformed",
      message: expect.stringMatching(`^${what}, `),
      reason: ["is-journal", "is-file"][i],
      hint: expect.stringMatching(/^(Read|Open) it as a /),
    }));
    expect(refused(epoch)).toMatchObject(journal!);
    expect(refused(epoch, KIND_FILE)).toMatchObject(journal!);
    expect(refused(ONE, KIND_JOURNAL)).toMatchObject(file!);
  });

  test("a base is a journal where a file is expected, and does not belong where an epoch is", () => {
    const base = withByte(9, 3);
    expect(fault(base)).toMatchObject({ code: "malformed", reason: "is-journal" });
    for (const expected of [KIND_JOURNAL, "any"] as const) {
      const message = "a base of a journal where an epoch belongs";
      expect(fault(base, expected)).toMatchObject({ code: "malformed", message });
    }
    for (const expected of [KIND_FILE, KIND_JOURNAL, "any"] as const)
      expect(fault(withByte(9, 4), expected)).toMatchObject({ code: "unsupported" });
  });

  test("a journal is signed", () => {
    const unsigned = encodeCore({ ...epoch, signer: null, recordKey: null });
    expect(() => parseBytes(parseCore("any"), unsigned)).toThrow("unsigned journal");
  });

  test("an epoch that ends inside its chain value is cut", async () => {
    const cut = encodeCore(epoch).subarray(0, -1);
    const error = await failure((async () => parseBytes(parseCore("any"), cut))());
    expect(error.code).toBe("tampered");
  });
});
