// Labels: which texts are one, and that they are taken as they are.

import { describe, expect, test } from "vitest";
import { type Core, encodeCore, labelFault, parseCore } from "../../src/format/core.js";
import { parseBytes } from "../../src/format/parser.js";
import { failure } from "../support.js";

const ONE: Core = {
  chunkExponent: 22,
  signer: null,
  recordKey: null,
  commitment: new Uint8Array(32),
  sealedAt: 1_800_000_000,
  label: "",
};
const parsed = (label: string) => parseBytes(parseCore(), encodeCore({ ...ONE, label })).value.core.label;

describe("labels", () => {
  const RANGES: [first: number, last: number][] = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x180e, 0x180e],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x2064],
    [0x2066, 0x206f],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
    [0xe0000, 0xe007f],
  ];
  const forbidden = (point: number) => RANGES.some(([first, last]) => point >= first && point <= last);

  test("without a character of the forbidden ranges, each with its neighbours on both sides", async () => {
    const points = RANGES.flatMap(([first, last]) => [first - 1, first, first + 1, last - 1, last, last + 1]);
    for (const point of points.filter((point) => point >= 0)) {
      for (const text of [String.fromCodePoint(point), `a${String.fromCodePoint(point)}b`]) {
        const name = `U+${point.toString(16)}`;
        expect(labelFault(text) !== null, name).toBe(forbidden(point));
        if (!forbidden(point)) expect(parsed(text), name).toBe(text);
        else expect((await failure((async () => parsed(text))())).code, name).toBe("malformed");
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
      expect(parsed(text)).toBe(text);
    }
  });
});
