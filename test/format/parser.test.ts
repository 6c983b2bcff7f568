// Driving a parser: it gets what it asks for, or what there is.

import { expect, test } from "vitest";
import { exactly, type Parser, parseBytes, parseFrom, Sent } from "../../src/format/parser.js";
import { failure } from "../support.js";

function* pairs(): Parser<number[][]> {
  const one = yield* exactly(2);
  const other = yield* exactly(3);
  return [[...one], [...other]];
}

const INPUT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);

test("from memory: the value, and how many bytes it took", () => {
  const { value, length } = parseBytes(pairs(), INPUT);
  expect({ value, length }).toEqual({
    value: [
      [1, 2],
      [3, 4, 5],
    ],
    length: 5,
  });
});

test("from a source: each field is read when it is its turn", async () => {
  const asked: number[] = [];
  let at = 0;
  const read = async (length: number) => {
    asked.push(length);
    at += length;
    return INPUT.subarray(at - length, at);
  };
  expect(await parseFrom(pairs(), read)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  expect(asked).toEqual([2, 3]);
});

test("what wants nothing is given nothing", async () => {
  // biome-ignore lint/correctness/useYield: a parser that wants no bytes.
  const nothing = function* (): Parser<string> {
    return "done";
  };
  expect(parseBytes(nothing(), INPUT)).toEqual({ value: "done", length: 0 });
  const read = async () => expect.fail("it was asked for bytes");
  expect(await parseFrom(nothing(), read)).toBe("done");
});

test.each([0, 1, 2, 4])("an input that ends after %i bytes ended early", async (length) => {
  const parse = async () => parseBytes(pairs(), INPUT.subarray(0, length));
  const error = await failure(parse());
  expect([error.code, error.message]).toEqual(["tampered", expect.stringContaining("ends")]);
});

test("what a parser is given is its own: it does not change with the input, and keeps nothing else alive", async () => {
  const input = new Uint8Array(1000).fill(7);
  const inner = input.subarray(500);
  function* one(): Parser<Uint8Array> {
    return yield* exactly(4);
  }
  const given = [parseBytes(one(), inner).value, await parseFrom(one(), async (length) => inner.subarray(0, length))];
  input.fill(0);
  expect(given.map((bytes) => [[...bytes], bytes.buffer.byteLength])).toEqual([
    [[7, 7, 7, 7], 4],
    [[7, 7, 7, 7], 4],
  ]);
});

test("several fields are taken at once where they are at hand, and else each when it is there", async () => {
  function* three(): Parser<number[]> {
    const sent = new Sent(6);
    yield* sent.ask(2, 4);
    const first = sent.u16(0);
    if (first === 0xffff) throw new Error("refused");
    if (!sent.has(6)) yield* sent.ask(6, 0);
    return [first, sent.u16(2), sent.u16(4)];
  }
  const asked: number[][] = [];
  const reading = (input: Uint8Array, atHand: boolean) => {
    let at = 0;
    return async (least: number, most: number) => {
      asked.push([least, most]);
      const end = at + (atHand ? most : least);
      if (end > input.length && !atHand) return new Promise<never>(() => {});
      const piece = input.subarray(at, end);
      at = end;
      return piece;
    };
  };
  const input = Uint8Array.of(0, 1, 0, 2, 0, 3);
  expect(await parseFrom(three(), reading(input, true))).toEqual([1, 2, 3]);
  expect(asked.splice(0)).toEqual([[2, 6]]);
  expect(await parseFrom(three(), reading(input, false))).toEqual([1, 2, 3]);
  expect(asked.splice(0)).toEqual([
    [2, 6],
    [4, 4],
  ]);
  // A stream that gives no more does not keep what is there from being refused.
  await expect(parseFrom(three(), reading(Uint8Array.of(255, 255), false))).rejects.toThrow("refused");
});
