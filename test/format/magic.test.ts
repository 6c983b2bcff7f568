// What is said of an input that is no sealed file: a transfer that damaged one is told from something else.

import { describe, expect, test } from "vitest";
import { fromHex } from "../../src/bytes.js";
import { MAGIC, refuseMagic } from "../../src/format/magic.js";

const refusal = (hex: string) => refuseMagic(fromHex(hex));

test("the magic is the eight bytes of FORMAT.md", () => expect(MAGIC).toEqual(fromHex("895345414c0d0a1a")));

describe("a transfer in text mode shows:", () => {
  test.each([
    ["CR LF became LF", "8953 4541 4c0a 1a01"],
    ["LF became CR LF", "8953 4541 4c0d 0d0a"],
    ["the input ended at ^Z", "8953 4541 4c0d 0a00"],
    ["bytes lost their eighth bit", "0953 4541 4c0d 0a1a"],
    ["the first byte was replaced by U+FFFD", "efbf bd53 4541 4c0d"],
  ])("%s", (_what, hex) => {
    const error = refusal(hex.replaceAll(" ", ""));
    expect(error.code).toBe("malformed");
    expect(error.message).toMatch(/text mode/);
    expect(error.hint).toMatch(/in binary mode/);
  });
});

describe("something else is just no sealed file:", () => {
  test.each([
    ["other bytes", "0011223344556677"],
    ["our name behind another first byte", "8853 4541 4c0d 0a1a"],
    ["our first byte before another name", "8950 4e47 0d0a 1a0a"],
    ["the same, without the eighth bit", "0950 4e47 0d0a 1a0a"],
    ["U+FFFD before another name", "efbf bd50 4e47 0d0a"],
    ["our name behind three other bytes", "efbb bf53 4541 4c0d"],
    ["a few other bytes", "8954"],
    ["one other byte", "00"],
  ])("%s", (_what, hex) => {
    const error = refusal(hex.replaceAll(" ", ""));
    expect(error.code).toBe("malformed");
    expect(error.message).toBe("not a sealed file");
    expect(error.hint).toBeUndefined();
  });
});

test("an input that ends inside the magic is told from another", () => {
  for (let length = 1; length < 8; length++) {
    const error = refuseMagic(MAGIC.slice(0, length));
    expect([error.code, error.message]).toEqual(["malformed", expect.stringContaining(`after ${length} bytes`)]);
  }
});

test("an empty input is called empty", () => {
  const error = refuseMagic(new Uint8Array());
  expect([error.code, error.message]).toEqual(["malformed", expect.stringContaining("empty")]);
});
