import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { headsSize } from "@sealed-files/seal/internal";
import { expect, test } from "vitest";
import { MAX_BODY, type Received, readBody, recordsOf } from "../../src/server/body.js";

const request = (...pieces: Buffer[]) => Readable.from(pieces, { objectMode: false }) as unknown as IncomingMessage;
const texts = (records: readonly Received[]) => records.map(({ record }) => record.toString());
const HEADS = { producer: "shop" };

test("a body is one record, whatever is in it", () => {
  expect(texts(recordsOf(Buffer.from("a\nb\n"), "single", HEADS))).toEqual(["a\nb\n"]);
});

test.each([
  ["a\nb\n", ["a", "b"]],
  ["a\nb", ["a", "b"]],
  ["a\r\n\nb", ["a\r", "", "b"]],
  ["\n", [""]],
])("lines of %j", (body, records) => {
  expect(texts(recordsOf(Buffer.from(body), "lines", HEADS))).toEqual(records);
});

test("a body without a byte holds no record", () => {
  for (const framing of ["single", "lines"] as const) {
    expect(() => recordsOf(Buffer.alloc(0), framing, HEADS)).toThrowError(
      expect.objectContaining({ problem: "no-record" }),
    );
  }
});

test("what does not fit into one frame is refused", () => {
  const value = "x".repeat(4096);
  const fullest = { a: value, b: value, c: value, d: "x".repeat(4096 - 4 * 4) };
  expect(headsSize(fullest)).toBe(16 * 1024);
  expect(recordsOf(Buffer.alloc(MAX_BODY), "single", fullest).length).toBe(1);
  expect(() => recordsOf(Buffer.alloc(MAX_BODY + 1), "single", fullest)).toThrowError(
    expect.objectContaining({ problem: "too-large" }),
  );
  expect(recordsOf(Buffer.alloc(10_000, "\n"), "lines", HEADS).length).toBe(10_000);
  expect(() => recordsOf(Buffer.alloc(10_001, "\n"), "lines", HEADS)).toThrowError(
    expect.objectContaining({ problem: "too-large" }),
  );
});

test("a body is read up to the limit, and what came of a longer one is overwritten", async () => {
  const pieces = () => [Buffer.from("12345"), Buffer.from("67890")] as const;
  expect((await readBody(request(...pieces()), 10)).toString()).toBe("1234567890");
  const [first, second] = pieces();
  await expect(readBody(request(first, second), 9)).rejects.toMatchObject({ problem: "too-large" });
  expect([first, second].map((piece) => piece.every((byte) => byte === 0))).toEqual([true, true]);
});

test("the pieces of a body are overwritten when it is put together", async () => {
  const pieces = [Buffer.from("12345"), Buffer.from("67890")];
  await readBody(request(...pieces), 100);
  expect(Buffer.concat(pieces).every((byte) => byte === 0)).toBe(true);
});

test("a body that comes byte by byte takes no more memory than one that comes at once", async () => {
  const slab = Buffer.alloc(64 * 1024, 7);
  function* bytes() {
    for (let i = 0; i < 300_000; i++) yield slab.subarray(0, 1);
  }
  const before = process.memoryUsage().arrayBuffers;
  const body = await readBody(Readable.from(bytes(), { objectMode: false }) as unknown as IncomingMessage, 2 ** 20);
  expect([body.length, body.buffer.byteLength]).toEqual([300_000, 2 ** 19]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 21);
});
