// Streams that never come to an end of what they were asked for: the caller is told all the same, and nothing stays
// open or locked.

import { PassThrough, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { open, SealError, seal } from "../../src/index.js";
import { failure } from "../support.js";
import { collect, opening, plaintext, sealing } from "./people.js";

const never = () => new Promise<never>(() => undefined);

const stalling = (begun: () => void) => () => {
  begun();
  return never();
};

async function sealedBytes(): Promise<Uint8Array> {
  const out = new PassThrough();
  const [, bytes] = await Promise.all([seal(plaintext, out, sealing), collect(out)]);
  return bytes;
}

async function tampered(): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await sealedBytes());
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}

/** `begun` is called when the stream is asked for what it never does. */
const STALLED: [string, (begun: () => void) => WritableStream<Uint8Array> | Writable][] = [
  ["a WritableStream that never takes what is written", (begun) => new WritableStream({ write: stalling(begun) })],
  ["a WritableStream that never closes", (begun) => new WritableStream({ close: stalling(begun), abort: never })],
  ["a Writable that never takes what is written", (begun) => new Writable({ write: () => begun() })],
  [
    "a Writable that never ends",
    (begun) => new Writable({ write: (_piece, _encoding, done) => done(), final: () => begun() }),
  ],
];

describe("an abort is heard", () => {
  test.each(STALLED)("by an opening into %s", async (_what, make) => {
    const stop = new AbortController();
    const output = make(() => setImmediate(() => stop.abort(new SealError("interrupted", "enough"))));
    expect((await failure(open(await sealedBytes(), output, { ...opening, signal: stop.signal }))).message).toBe(
      "enough",
    );
    expect("locked" in output && output.locked).toBe(false);
  });
});

describe("what was tampered with is told", () => {
  test("though the output's abort never settles", async () => {
    let aborted = false;
    const abort = () => {
      aborted = true;
      return never();
    };
    const output = new WritableStream({ abort });
    expect((await failure(open(await tampered(), output, opening))).code).toBe("tampered");
    expect([aborted, output.locked]).toEqual([true, false]);
  });

  test("though the output's destroy never calls back", async () => {
    const output = new Writable({ write: (_piece, _encoding, done) => done(), destroy: () => undefined });
    expect((await failure(open(await tampered(), output, opening))).code).toBe("tampered");
    expect(output.destroyed).toBe(true);
  });

  test("though the input's cancel never settles", async () => {
    const bytes = await tampered();
    const input = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(bytes), cancel: never });
    expect((await failure(open(input, new PassThrough().resume(), opening))).code).toBe("tampered");
    expect(input.locked).toBe(false);
  });

  test.each<[string, () => Promise<never>]>([
    ["never settles", never],
    [
      "throws",
      () => {
        throw new Error("return");
      },
    ],
  ])("though the input iterable's return %s", async (_what, end) => {
    const bytes = await tampered();
    const next = async () => ({ done: false as const, value: bytes });
    const input = { [Symbol.asyncIterator]: () => ({ next, return: end }) };
    expect((await failure(open(input, new PassThrough().resume(), opening))).code).toBe("tampered");
  });
});

describe("what has failed before it began leaves no stream open or locked", () => {
  const begin = [
    ["a bad option of open", (input, output) => open(input, output, { ...opening, maxAge: Number.NaN })],
    ["a bad option of seal", (input, output) => seal(input, output, { ...sealing, chunkSize: 5 })],
    ["a key that is none", (input, output) => seal(input, output, { ...sealing, to: ["seal1nobody"] })],
  ] as [string, (input: ReadableStream<Uint8Array>, output: WritableStream<Uint8Array>) => Promise<unknown>][];

  test.each(begin)("%s", async (_what, work) => {
    const ended: string[] = [];
    const ends = (what: string) => () => void ended.push(what);
    const input = new ReadableStream<Uint8Array>({ cancel: ends("input") });
    const output = new WritableStream<Uint8Array>({ abort: ends("output") });
    expect((await failure(work(input, output))).code).toBe("usage");
    expect([ended, input.locked, output.locked]).toEqual([["input", "output"], false, false]);
  });

  test("an input that is not there", async () => {
    const output = new PassThrough();
    expect((await failure(open({ path: "/nowhere/at all" }, output, opening))).code).toBe("io");
    expect(output.destroyed).toBe(true);
  });

  test("but what somebody else uses stays as it is", async () => {
    const output = new WritableStream<Uint8Array>();
    const writer = output.getWriter();
    expect((await failure(open(await sealedBytes(), output, opening))).code).toBe("usage");
    await writer.write(new Uint8Array(1));
    await writer.close();
  });
});
