// Stanzas: one encoding for each list, and lengths that lie cost nothing.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, equal, u16 } from "../../src/bytes.js";
import { SealError } from "../../src/errors.js";
import { parseBytes, parseFrom } from "../../src/format/parser.js";
import { encodeStanzas, isPostQuantum, parseStanzas, type Stanza } from "../../src/format/stanza.js";

/** Bodies that tell one from another. */
const body = (length: fc.Arbitrary<number>): fc.Arbitrary<Bytes> =>
  fc.tuple(length, fc.nat(255)).map(([size, byte]) => new Uint8Array(size).fill(byte));
const known = (type: number, length: number): fc.Arbitrary<Stanza> =>
  fc.record({ type: fc.constant(type), body: body(fc.constant(length)) });
const unknown = (min: number, max: number): fc.Arbitrary<Stanza> =>
  fc.record({
    type: fc.integer({ min, max }),
    body: body(fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constantFrom(0, 4095, 4096))),
  });
const list = fc.oneof(
  fc.array(fc.oneof(known(1, 80), unknown(2, 0x7fff)), { minLength: 1, maxLength: 8 }),
  fc.array(fc.oneof(known(0x8001, 1168), known(0x8002, 64), unknown(0x8003, 0xffff)), { minLength: 1, maxLength: 8 }),
);

function outcome(input: Uint8Array): string {
  try {
    parseBytes(parseStanzas(), input);
    return "ok";
  } catch (error) {
    if (error instanceof SealError) return error.code;
    throw error;
  }
}

describe("encode and parse", () => {
  test("give the list again, and how long it is, whatever follows", () => {
    fc.assert(
      fc.property(list, fc.uint8Array({ maxLength: 9 }), (stanzas, rest) => {
        const encoded = encodeStanzas(stanzas);
        const { value, length } = parseBytes(parseStanzas(), concat(encoded, rest));
        expect(value.stanzas.map(({ type }) => type)).toEqual(stanzas.map(({ type }) => type));
        expect(value.stanzas.every(({ body }, i) => equal(body, stanzas[i]!.body))).toBe(true);
        expect(equal(value.bytes, encoded)).toBe(true);
        expect(length).toBe(encoded.length);
      }),
    );
  });

  test("give the bytes again, for whatever parses", () => {
    let parsed = 0;
    const changed = fc.tuple(list.map(encodeStanzas), fc.nat(11), fc.nat(255));
    fc.assert(
      fc.property(changed, ([bytes, at, value]) => {
        const input = bytes.slice();
        input[at % input.length] = value;
        if (outcome(input) !== "ok") return;
        const { value: found, length } = parseBytes(parseStanzas(), input);
        expect(equal(encodeStanzas(found.stanzas), input.subarray(0, length))).toBe(true);
        expect(equal(found.bytes, input.subarray(0, length))).toBe(true);
        parsed += 1;
      }),
      { numRuns: 500 },
    );
    expect(parsed).toBeGreaterThan(50);
  });

  test("cut anywhere, it ends early", () => {
    fc.assert(
      fc.property(list, fc.nat(), (stanzas, at) => {
        const encoded = encodeStanzas(stanzas);
        expect(outcome(encoded.subarray(0, at % encoded.length))).toBe("tampered");
      }),
    );
  });

  test("the parsed bodies are copies: the input may be overwritten", () => {
    const input = encodeStanzas([{ type: 1, body: new Uint8Array(80).fill(7) }]);
    const { value } = parseBytes(parseStanzas(), input);
    input.fill(0xff);
    expect(value.stanzas[0]!.body).toEqual(new Uint8Array(80).fill(7));
    expect(value.bytes.subarray(0, 2)).toEqual(Uint8Array.of(0, 1));
  });
});

describe("bounds", () => {
  const encoded = (stanzas: Stanza[]) => outcome(encodeStanzas(stanzas));
  const empty = (count: number) => Array.from({ length: count }, () => ({ type: 3, body: new Uint8Array() }));
  const filled = (length: number, type = 3): Stanza => ({ type, body: new Uint8Array(length) });

  test("one stanza at least, 4096 at most", () => {
    expect([0, 1, 4096, 4097].map((count) => encoded(empty(count)))).toEqual(["malformed", "ok", "ok", "malformed"]);
  });

  test("no body of more than 4096 bytes", () => {
    expect([4096, 4097].map((length) => encoded([filled(length)]))).toEqual(["ok", "malformed"]);
  });

  test("exactly 80 bytes for X25519", () => {
    expect([79, 80, 81].map((length) => encoded([filled(length, 1)]))).toEqual(["malformed", "ok", "malformed"]);
  });

  test("exactly 1168 bytes for X-Wing", () => {
    const found = [0, 80, 1120, 1167, 1168, 1169].map((length) => encoded([filled(length, 0x8001)]));
    expect(found).toEqual(["malformed", "malformed", "malformed", "malformed", "ok", "malformed"]);
  });

  test("the kind and both lengths are told", () => {
    const told = ([1, 0x8001, 0x8002] as const).map(
      (type) => () => parseBytes(parseStanzas(), encodeStanzas([filled(79, type)])),
    );
    expect(told[0]).toThrow("a stanza (X25519) of 79 bytes instead of 80");
    expect(told[1]).toThrow("a stanza (X-Wing) of 79 bytes instead of 1168");
    expect(told[2]).toThrow("a stanza (passphrase) of 79 bytes instead of 64");
  });

  test("exactly 64 bytes for a passphrase", () => {
    const found = [0, 48, 63, 64, 65, 80].map((length) => encoded([filled(length, 0x8002)]));
    expect(found).toEqual(["malformed", "malformed", "malformed", "ok", "malformed", "malformed"]);
  });

  test("8 MiB in all, count included", () => {
    const most = [...Array.from({ length: 2046 }, () => filled(4096)), filled(2)];
    expect(encodeStanzas(most)).toHaveLength(8 * 1024 * 1024);
    expect(encoded(most)).toBe("ok");
    expect(encoded(most.with(-1, filled(3)))).toBe("malformed");
  });

  const lengthOf = (type: number) => (type === 0x8001 ? 1168 : type === 0x8002 ? 64 : 80);
  const of = (...types: number[]) => encoded(types.map((type) => filled(lengthOf(type), type)));

  test("no type 0", () => {
    expect([of(0), of(3, 0), of(0x8001, 0)]).toEqual(Array(3).fill("malformed"));
  });

  test("types of one kind alone, be they known or not, in whichever order", () => {
    const classic = [1, 2, 3, 0x7eff, 0x7f00, 0x7fff];
    const postQuantum = [0x8000, 0x8001, 0x8002, 0xff00, 0xffff];
    for (const one of [classic, postQuantum]) {
      for (const type of one) expect(of(type, ...one, type)).toBe("ok");
    }
    for (const type of classic) {
      for (const other of postQuantum) {
        expect([of(type, other), of(other, type), of(type, type, other)]).toEqual(Array(3).fill("malformed"));
      }
    }
    expect([0, 1, 0x7fff, 0x8000, 0xffff].map(isPostQuantum)).toEqual([false, false, false, true, true]);
  });

  test("the type that breaks it is refused before its length is there", () => {
    const first = encodeStanzas([filled(80, 1)]).slice(2);
    expect(outcome(concat(u16(2), first, u16(0x8001)))).toBe("malformed");
    expect(outcome(concat(u16(2), first, u16(0x8001).subarray(0, 1)))).toBe("tampered");
    expect(outcome(concat(u16(2), first, u16(2)))).toBe("tampered");
  });
});

describe.each([
  ["from a stream", false],
  ["by position", true],
])("what is declared and does not come, %s", (_how, ahead) => {
  /** How many bytes are asked for at a time, and in all, of an input that ends there. */
  async function asked(input: Uint8Array): Promise<{ most: number; all: number; given: number }> {
    let [most, all, at] = [0, 0, 0];
    const read = async (least: number, atHand: number) => {
      const length = ahead ? atHand : least;
      most = Math.max(most, length);
      all += length;
      at += length;
      return input.subarray(at - length, at);
    };
    await parseFrom(parseStanzas(), read).catch((error) => expect(error).toBeInstanceOf(SealError));
    return { most, all, given: input.length };
  }

  test.each([
    ["4096 stanzas", u16(4096)],
    ["4096 stanzas of which one comes", concat(u16(4096), u16(1), u16(80), new Uint8Array(80))],
    ["a body of 4096 bytes", concat(u16(1), u16(7), u16(4096))],
    ["a second body of 4096 bytes", concat(u16(2), u16(7), u16(0), u16(7), u16(4096), new Uint8Array(4095))],
    ["65535 stanzas", u16(65535)],
    ["a body of 65535 bytes", concat(u16(1), u16(7), u16(65535))],
  ])("%s: at most 4096 bytes are asked for at a time, and hardly more than come", async (_what, input) => {
    const { most, all, given } = await asked(input);
    expect(most).toBeLessThanOrEqual(4096);
    expect(all).toBeLessThanOrEqual(given + (ahead ? 2 : 1) * 4096);
  });

  test("a length out of bounds is refused before a byte of the body is asked for", async () => {
    for (const length of [4097, 65535]) {
      expect(await asked(concat(u16(1), u16(7), u16(length), new Uint8Array(65535)))).toMatchObject({ all: 6 });
    }
    expect(await asked(concat(u16(1), u16(1), u16(79), new Uint8Array(65535)))).toMatchObject({ all: 6 });
    expect(await asked(concat(u16(0), new Uint8Array(65535)))).toMatchObject({ all: 2 });
    expect(await asked(concat(u16(1), u16(0), new Uint8Array(65535)))).toMatchObject({ all: ahead ? 6 : 4 });
  });

  test("no more than 8 MiB are taken, whatever the count", async () => {
    const stanza = concat(u16(7), u16(4096), new Uint8Array(4096));
    const input = new Uint8Array(2 + 4096 * stanza.length);
    input.set(u16(4096));
    for (let i = 0; i < 4096; i++) input.set(stanza, 2 + i * stanza.length);
    const { all } = await asked(input);
    expect(all).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(outcome(input)).toBe("malformed");
  });
});
