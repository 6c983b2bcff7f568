// Heads, and batches, as an authentic frame may hold them: what is within FORMAT.md's bounds, and what is malformed.

import { describe, expect, test } from "vitest";
import { type Bytes, concat, toHex, u16, u32, u64, utf8 } from "../../src/bytes.js";
import { SealError } from "../../src/errors.js";
import { maxRecord, parseBatch } from "../../src/format/batch.js";
import { encodeHeads, headsFault, headsSize, parseHeads } from "../../src/format/heads.js";

/** One head, of whatever bytes; the lengths are its own unless they are given. */
function head(key: string | Uint8Array, value: string | Uint8Array, lengths: { key?: number; value?: number } = {}) {
  const [k, v] = [key, value].map((part) => (typeof part === "string" ? utf8(part) : (part as Bytes)));
  return concat(Uint8Array.of(lengths.key ?? k!.length), k!, u16(lengths.value ?? v!.length), v!);
}

/** What a batch holds, or what is said of it. */
function outcome(batch: Uint8Array): readonly string[] | string {
  try {
    return [...parseBatch(batch).records].map(toHex);
  } catch (error) {
    if (error instanceof SealError && error.code === "malformed") return error.message;
    throw error;
  }
}

const TIME = u64(1);
const SET = 2 ** 31;
const said = (what: string) => `an authentic frame ${what}: the writer is at fault`;

describe("heads in an authentic batch", () => {
  test.each([
    ["an empty text", head("a", "")],
    ["a name of 64 characters, and a text of 4096 bytes", head(`a${"-".repeat(63)}`, "x".repeat(4096))],
    [
      "names that ascend, one of them the beginning of the next",
      concat(head("a", "2"), head("a-b", "1"), head("b", "")),
    ],
    ["controls, and what does not show", head("a", "\0\u200b\n")],
    ["a byte order mark", head("a", "\ufeffx")],
  ])("may have %s", (_what, bytes) => {
    expect(headsFault(bytes)).toBeNull();
    expect(encodeHeads(parseHeads(bytes))).toEqual(bytes);
  });

  test.each([
    "\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}",
    "ascii, then \u00e9 and ascii",
    "\u20ac first",
    "\u{1f511}".repeat(1024),
    "\u20ac".repeat(1365),
  ])("are written as UTF-8: %j", (value) => {
    const heads = { a: "before", text: value, z: "behind" };
    const bytes = concat(head("a", "before"), head("text", value), head("z", "behind"));
    expect(encodeHeads(heads)).toEqual(bytes);
    expect(headsSize(heads)).toBe(bytes.length);
  });

  test("are given by their names", () => {
    const heads = parseHeads(concat(head("id", "7"), head("type", "text/plain")));
    expect({ ...heads }).toEqual({ id: "7", type: "text/plain" });
  });

  test.each([
    ["a name beyond them", Uint8Array.of(5, 0x61, 0x62), "that end inside a name"],
    ["a name behind which there is no whole length", head("a", "").subarray(0, 3), "that end inside a name"],
    ["a text beyond them", head("a", "xyz", { value: 4 }), "that end inside a text"],
    ["a second text beyond them", concat(head("a", ""), head("b", "x", { value: 2 })), "that end inside a text"],
    ["an empty name", head("", "x"), "with a name that is none"],
    ["a name of 65 characters", head("a".repeat(65), "x"), "with a name that is none"],
    ["a name that begins with a digit", head("1", "x"), "with a name that is none"],
    ["a name with a line end", head("a\n", "x"), "with a name that is none"],
    ["a name that is not UTF-8", head(Uint8Array.of(0x61, 0xff), "x"), "with a name that is none"],
    ["a name twice", concat(head("a", "1"), head("a", "2")), "with names that do not ascend"],
    ["names that descend", concat(head("b", ""), head("a", "")), "with names that do not ascend"],
    ["a name that does not follow on the last", concat(head("b", ""), head("c", ""), head("a", "")), "not ascend"],
    ["a text of 4097 bytes", head("a", "x".repeat(4097)), "with a text that is too long"],
    ["a text that is not UTF-8", head("a", Uint8Array.of(0xc3)), "with a text that is not UTF-8"],
    ["a lone surrogate", head("a", Uint8Array.of(0xed, 0xa0, 0x80)), "with a text that is not UTF-8"],
  ])("with %s are a fault, of the batch too", (_what, bytes, fault) => {
    expect(headsFault(bytes)).toMatch(fault);
    const batch = concat(TIME, u32(SET + 1), u16(bytes.length), bytes, Uint8Array.of(9));
    expect(outcome(batch)).toBe(said(`has a record with heads ${headsFault(bytes)}`));
  });

  test("take as many bytes as they are said to", () => {
    for (const heads of [{}, { a: "" }, { id: "\u00e9", type: "text/plain" }])
      expect(headsSize(heads)).toBe(encodeHeads(heads)?.length ?? 0);
  });
});

describe("an authentic batch", () => {
  const record = (bytes: Uint8Array, heads?: Uint8Array) =>
    heads
      ? concat(u32(SET + bytes.length), u16(heads.length), heads, bytes as Bytes)
      : concat(u32(bytes.length), bytes as Bytes);
  const large = concat(...["a", "b", "c", "d"].map((key) => head(key, "x".repeat(4092))));

  test.each([
    ["one empty record", concat(TIME, record(utf8(""))), [""]],
    [
      "records, with heads and without",
      concat(TIME, record(utf8("k"), head("a", "")), record(utf8("l"))),
      ["6b", "6c"],
    ],
    ["an empty record with heads", concat(TIME, record(utf8(""), head("a", "b"))), [""]],
    ["heads of 16384 bytes", concat(TIME, record(utf8("k"), large)), ["6b"]],
    ["the last millisecond of 9999", concat(u64(253402300799999), record(utf8("k"))), ["6b"]],
  ])("may hold %s", (_what, batch, records) => {
    expect(outcome(batch)).toEqual(records);
  });

  test.each([
    ["nothing", new Uint8Array(), "is shorter than one record"],
    ["a time alone", TIME, "is shorter than one record"],
    ["less than a record's length", concat(TIME, new Uint8Array(3)), "is shorter than one record"],
    ["a time after 9999", concat(u64(253402300800000), record(utf8("k"))), "was sealed after the year 9999"],
    ["less than a second length", concat(TIME, record(utf8("k")), new Uint8Array(3)), "ends inside a record's length"],
    ["a record beyond it", concat(TIME, u32(2), utf8("k")), "ends inside a record"],
    [
      "a record with heads beyond it",
      concat(TIME, u32(SET + 2), u16(4), head("a", ""), utf8("k")),
      "ends inside a record",
    ],
    ["heads beyond it", concat(TIME, u32(SET), u16(5), head("a", "")), "ends inside a record"],
    ["half a length of heads", concat(TIME, u32(SET), Uint8Array.of(0)), "ends inside the length of a record's heads"],
    ["no heads behind their length", concat(TIME, u32(SET), u16(1)), "ends inside a record"],
    [
      "heads of one byte",
      concat(TIME, u32(SET + 1), u16(1), utf8("ak")),
      "has a record with heads that end inside a name",
    ],
    ["no length of heads", concat(TIME, u32(SET)), "ends inside the length of a record's heads"],
    [
      "no heads where some are said to be",
      concat(TIME, u32(SET + 1), u16(0), utf8("k")),
      "has a record with heads of 0 bytes",
    ],
    [
      "heads of 16385 bytes",
      concat(TIME, u32(SET), u16(16385), new Uint8Array(16385)),
      "has a record with heads of 16385 bytes",
    ],
  ])("with %s is malformed", (_what, batch, message) => {
    expect(outcome(batch)).toBe(said(message));
  });

  test("is read where it stands, whatever surrounds it", () => {
    const batch = concat(TIME, record(utf8("k"), head("a", "b")));
    const around = concat(new Uint8Array(5).fill(0xff), batch, new Uint8Array(5).fill(0xff));
    const found = parseBatch(around.subarray(5, 5 + batch.length));
    expect([found.sealedAtMs, found.records.length]).toEqual([1, 1]);
    const [only] = found.records.withHeads();
    expect([toHex(only!.record), { ...only!.heads }]).toEqual(["6b", { a: "b" }]);
  });

  test("has records of twelve bytes less than a chunk at most", () => {
    expect(maxRecord(4096)).toBe(4084);
    expect(concat(TIME, record(new Uint8Array(maxRecord(4096))))).toHaveLength(4096);
  });
});
