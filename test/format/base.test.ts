// A base, its layout and each of its bounds.

import { describe, expect, test } from "vitest";
import { type Bytes, concat, u64, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import {
  BASE_START_BYTES,
  type Base,
  baseLength,
  baseMessage,
  beginsBase,
  encodeBase,
  MAX_BASE_BYTES,
  MAX_BASE_OFFSET,
  parseBase,
} from "../../src/format/base.js";
import { MAGIC } from "../../src/format/magic.js";
import { parseBytes } from "../../src/format/parser.js";
import { failure } from "../support.js";

const BASE: Base = {
  signer: new Uint8Array(32).fill(1),
  journal: new Uint8Array(32).fill(2),
  previous: new Uint8Array(32).fill(3),
  offset: 1,
  removedAt: 0,
  label: "log",
};
const SIGNATURE = new Uint8Array(64).fill(9);
const whole = (base: Partial<Base> = {}) => concat(encodeBase({ ...BASE, ...base }), SIGNATURE);
const parsed = (bytes: Uint8Array) => parseBytes(parseBase(), bytes);
const refusal = async (bytes: Uint8Array) => {
  const { code, message } = await failure((async () => parsed(bytes))());
  return [code, message];
};
const changed = (at: number, ...values: readonly number[]): Bytes => {
  const bytes = whole();
  bytes.set(values, at);
  return bytes;
};

describe("a base", () => {
  test("has its fields where FORMAT.md has them, and comes back as it was", () => {
    const bytes = whole({ offset: 258, removedAt: 259 });
    expect([...bytes.subarray(0, 11)]).toEqual([...MAGIC, 1, 3, 1]);
    const fields = [BASE.signer, BASE.journal, BASE.previous, u64(258), u64(259), Uint8Array.of(3), utf8("log")];
    expect([...bytes.subarray(11)]).toEqual([...concat(...fields, SIGNATURE)]);
    const { value, length } = parsed(concat(bytes, Uint8Array.of(7)));
    expect(value.base).toEqual({ ...BASE, offset: 258, removedAt: 259 });
    expect([...value.bytes, ...value.signature]).toEqual([...bytes]);
    expect([baseLength(value), length]).toEqual([bytes.length, bytes.length]);
  });

  test("is no longer than the longest", () => {
    const bytes = whole({ label: "x".repeat(255), offset: MAX_BASE_OFFSET, removedAt: 253_402_300_799 });
    expect(parsed(bytes).value.base).toMatchObject({ offset: 2 ** 52, removedAt: 253_402_300_799 });
    expect([bytes.length, MAX_BASE_BYTES]).toEqual([443, 443]);
  });

  test("is told by ten bytes", () => {
    expect(BASE_START_BYTES).toBe(10);
    expect(beginsBase(whole())).toBe(true);
    expect(beginsBase(whole().subarray(0, 10))).toBe(true);
    expect(beginsBase(whole().subarray(0, 9))).toBe(false);
    expect(beginsBase(changed(9, 2))).toBe(false);
    expect(beginsBase(changed(8, 2))).toBe(false);
  });

  test("is signed as itself", () => {
    const message = concat(utf8("seal.v1 base\0"), native.sha256(Uint8Array.of(5)));
    expect([...baseMessage(native, Uint8Array.of(5))]).toEqual([...message]);
  });

  test.each([
    ["an empty input", new Uint8Array(), "malformed", "the input is empty, not a sealed file"],
    ["another magic", changed(0, 0x88), "malformed", "not a sealed file"],
    ["version 2", changed(8, 2), "unsupported", /version 2/],
    ["kind 2", changed(9, 2), "malformed", "no base of a journal"],
    ["signature algorithm 0", changed(11 - 1, 0), "malformed", "an unsigned base"],
    ["signature algorithm 2", changed(11 - 1, 2), "unsupported", /signature algorithm 2/],
    ["no signer", changed(11, ...new Uint8Array(32)), "malformed", "a base with an all-zero signer key"],
    ["no previous", changed(75, ...new Uint8Array(32)), "malformed", "a base before which there was nothing"],
    ["offset 0", whole({ offset: 0 }), "malformed", "a base at an offset out of bounds"],
    ["offset 2^52 + 1", whole({ offset: 2 ** 52 + 1 }), "malformed", "a base at an offset out of bounds"],
    ["a time beyond the last", whole({ removedAt: 253_402_300_800 }), "malformed", /./],
    ["a label with a control", whole({ label: "a\nb" }), "malformed", /./],
  ] as const)("with %s is refused", async (_what, bytes, code, message) => {
    const [found, said] = await refusal(bytes);
    expect(found).toBe(code);
    expect(said).toMatch(message);
  });

  test("may have a journal id of zeros: nothing is known of one", () => {
    expect(parsed(whole({ journal: new Uint8Array(32) })).length).toBe(whole().length);
  });

  test("that is cut is tampered where its magic is whole, and malformed before", async () => {
    const bytes = whole();
    for (let size = 0; size < bytes.length; size++)
      expect((await refusal(bytes.subarray(0, size)))[0], `${size}`).toBe(size < 8 ? "malformed" : "tampered");
  });
});
