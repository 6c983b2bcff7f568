import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { MAX_BODY, readBody, recordsOf } from "../../src/server/body.js";

const request = (...pieces: Buffer[]) => Readable.from(pieces, { objectMode: false }) as unknown as IncomingMessage;
const texts = (records: readonly Buffer[]) => records.map((record) => record.toString());

test("a body is one record, whatever is in it", () => {
  expect(texts(recordsOf(Buffer.from("a\nb\n"), "single"))).toEqual(["a\nb\n"]);
});

test.each([
  ["a\nb\n", ["a", "b"]],
  ["a\nb", ["a", "b"]],
  ["a\r\n\nb", ["a\r", "", "b"]],
  ["\n", [""]],
])("lines of %j", (body, records) => {
  expect(texts(recordsOf(Buffer.from(body), "lines"))).toEqual(records);
});

test("a body without a byte holds no record", () => {
  for (const framing of ["single", "lines"] as const) {
    expect(() => recordsOf(Buffer.alloc(0), framing)).toThrowError(expect.objectContaining({ problem: "no-record" }));
  }
});

test("what does not fit into one frame is refused", () => {
  expect(recordsOf(Buffer.alloc(MAX_BODY), "single").length).toBe(1);
  expect(() => recordsOf(Buffer.alloc(MAX_BODY + 1), "single")).toThrowError(
    expect.objectContaining({ problem: "too-large" }),
  );
  expect(recordsOf(Buffer.alloc(10_000, "\n"), "lines").length).toBe(10_000);
  expect(() => recordsOf(Buffer.alloc(10_001, "\n"), "lines")).toThrowError(
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
