// Journals in stores of the caller's own, which may not keep what they promise: an error, and no record that is not
// there.

import { describe, expect, test } from "vitest";
import { JournalReader, type JournalSource, JournalWriter } from "../../src/index.js";
import { memoryStore } from "../journal/memory-store.js";
import { failure } from "../support.js";
import { opening, plaintext, recipient, sender } from "./people.js";

async function journal(): Promise<JournalSource> {
  const store = memoryStore();
  const writer = await JournalWriter.open(store, { to: [recipient.recipient], sign: sender });
  await writer.append(plaintext);
  await writer.close();
  return store;
}

async function read(source: unknown): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const batch of await JournalReader.open(source as JournalSource, opening)) records.push(...batch.records);
  return records;
}

/** The source, but for what is replaced. */
function but(source: JournalSource, replaced: Record<string, unknown>): unknown {
  const { name } = source;
  const own = { size: () => source.size(), readAt: (at: number, length: number) => source.readAt(at, length) };
  return { name, close: async () => {}, ...own, ...replaced };
}

test("a source that keeps its word is read, whatever it does with its memory afterwards", async () => {
  const source = await journal();
  const scratch = new Uint8Array(2 ** 20);
  const readAt = async (position: number, length: number) => {
    const bytes = await source.readAt(position, length);
    scratch.set(bytes);
    return scratch.subarray(0, bytes.length);
  };
  expect((await read(but(source, { readAt }))).map((record) => Buffer.from(record).equals(plaintext))).toEqual([true]);
});

describe("an io error, where a source has", () => {
  test.each<[string, Record<string, unknown>]>([
    ["NaN for its size", { size: async () => Number.NaN }],
    ["no size", { size: async () => undefined }],
    ["a negative size", { size: async () => -1 }],
    ["a size that is a text", { size: async () => "900" }],
    ["a fraction of a byte", { size: async () => 900.5 }],
    ["no end", { size: async () => Number.POSITIVE_INFINITY }],
    ["texts for bytes", { readAt: async (_at: number, length: number) => "x".repeat(length) }],
    ["an ordinary array for bytes", { readAt: async (_at: number, length: number) => new Array(length).fill(0) }],
    ["another kind of array", { readAt: async (_at: number, length: number) => new Uint16Array(length) }],
    ["nothing", { readAt: async () => undefined }],
    ["more than was asked for", { readAt: async (_at: number, length: number) => new Uint8Array(length + 1) }],
  ])("%s", async (_what, replaced) => {
    const error = await failure(read(but(await journal(), replaced)));
    expect([error.code, error.message]).toEqual(["io", expect.stringMatching(/^cannot read .+: it/)]);
  });
});

test("fewer bytes than the size says are an end that came early, not a journal that is whole", async () => {
  const error = await failure(read(but(await journal(), { readAt: async () => new Uint8Array() })));
  expect(["tampered", "io", "malformed"]).toContain(error.code);
});

describe("refused at once, where a source or store has", () => {
  test.each<[string, Record<string, unknown>]>([
    ["no name", { name: undefined }],
    ["a name that is no text", { name: 7 }],
    ["no size", { size: 7 }],
    ["no close", { close: undefined }],
  ])("%s", async (_what, replaced) => {
    const source = but(await journal(), replaced) as JournalSource;
    expect((await failure(JournalReader.open(source, opening))).code).toBe("usage");
    const options = { to: [recipient.recipient], sign: sender };
    expect((await failure(JournalWriter.open(source as never, options))).code).toBe("usage");
  });
});

test("what a callback throws comes as it is", async () => {
  const thrown = new RangeError("mine");
  const source = but(await journal(), {
    size: async () => {
      throw thrown;
    },
  });
  await expect(read(source)).rejects.toBe(thrown);
});
