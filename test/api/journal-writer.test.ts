// The library's writer: what its options mean, and what it refuses.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fileOf } from "../../src/api/identity.js";
import { type Identity, JournalReader, JournalWriter, type JournalWriterOptions } from "../../src/index.js";
import { folder } from "../io/folder.js";
import { memoryStore } from "../journal/memory-store.js";
import { readBack } from "../journal/read-back.js";
import { failure, type Person } from "../support.js";
import { recipient, sender, stranger } from "./people.js";

const OPTIONS: JournalWriterOptions = { to: [recipient.recipient], sign: sender };
const bytes = (text: string) => new TextEncoder().encode(text);

async function keysOf(identity: Identity): Promise<Person> {
  const keys = await fileOf(identity).unlock();
  return { ...keys, ...keys.openingKey } as Person;
}

async function recordsIn(journal: Uint8Array) {
  const [to, by] = await Promise.all([recipient, sender].map(keysOf));
  return readBack(journal, to!, by!.signingKey.publicKey).map(({ label, frames }) => [
    label,
    frames.flatMap(({ records }) => records),
  ]);
}

test("a file by its path, one record or several, epochs, and coming back", async () => {
  const { at } = folder();
  const writer = await JournalWriter.open({ path: at("j") }, { ...OPTIONS, label: "log", chunkSize: 4096 });
  expect(writer.recovered).toEqual({ tailMovedTo: null, frames: [] });
  const written = [writer.append(bytes("a")), writer.append([bytes("b"), bytes("c")])];
  expect(writer.queuedBytes).toBe(3 * 5);
  await Promise.all(written);
  writer.nextEpoch();
  await writer.append([bytes("d")]);
  await writer.close();
  const again = await JournalWriter.open({ path: at("j") }, OPTIONS);
  await again.append(bytes("e"));
  await again.close();
  expect(await recordsIn(readFileSync(at("j")))).toEqual([
    ["log", ["a", "b", "c"]],
    ["log", ["d"]],
    ["log", ["e"]],
  ]);
});

test("records with heads, of which a frame holds exactly so much, and a reader that asks for them", async () => {
  const { at } = folder();
  const writer = await JournalWriter.open({ path: at("j") }, { ...OPTIONS, chunkSize: 4096 });
  const heads = { type: "text/plain", "ce-id": "17" };
  const most = 4096 - 8 - 4 - 2 - (1 + 4 + 2 + 10) - (1 + 5 + 2 + 2);
  const full = { record: new Uint8Array(most).fill(0x61), heads };
  await writer.append([
    bytes("a"),
    { record: bytes("b"), heads },
    { record: bytes("c") },
    { record: bytes("d"), heads: {} },
  ]);
  await writer.append({ record: bytes("e"), heads });
  await writer.append(full);
  const longer = { record: new Uint8Array(most + 1), heads };
  expect(await failure(writer.append(longer))).toMatchObject({
    code: "usage",
    message: `a record of ${most + 1} bytes with 27 bytes of heads; at most ${most} bytes are allowed with these heads`,
  });
  expect(writer.queuedBytes).toBe(0);
  await writer.close();
  const reader = await JournalReader.open({ path: at("j") }, { keys: [recipient], from: [sender.signer] });
  const came: unknown[] = [];
  for await (const { records } of reader)
    for (const { record, heads } of records.withHeads()) came.push([Buffer.from(record).toString(), { ...heads }]);
  expect(came).toEqual([
    ["a", {}],
    ["b", heads],
    ["c", {}],
    ["d", {}],
    ["e", heads],
    ["a".repeat(most), heads],
  ]);
});

test.each<[string, unknown, RegExp]>([
  ["a text that is a number", { a: 1 }, /the record\.heads\.a is 1: it must be a string/],
  ["a lone surrogate", { a: "\ud800" }, /the record\.heads\.a has a lone surrogate/],
  ["an array", ["a"], /the record\.heads is an array: it must be an object/],
  ["a name that no head has", { A: "x" }, /no head is called "A"/],
  ["null", null, /the record\.heads is null/],
])("heads with %s are refused, and nothing is written", async (_what, heads, message) => {
  const store = memoryStore();
  const writer = await JournalWriter.open(store, OPTIONS);
  const size = store.bytes.length;
  const error = await failure(writer.append({ record: bytes("a"), heads } as never));
  expect(error).toMatchObject({ code: "usage", message: expect.stringMatching(message) });
  await writer.close();
  expect(store.bytes.length).toBe(size);
});

test("a store of one's own, the limits of an epoch, and what is told before each frame", async () => {
  const store = memoryStore();
  const told: unknown[] = [];
  const beforeFrame: JournalWriterOptions["beforeFrame"] = async ({ position, end, tags }) => {
    told.push([end > position, tags]);
  };
  const writer = await JournalWriter.open(store, { ...OPTIONS, epoch: { records: 1 }, beforeFrame });
  await writer.append(bytes("a"), "first");
  await writer.append(bytes("b"), "second");
  await writer.close();
  expect(await recordsIn(store.bytes)).toEqual([
    ["", ["a"]],
    ["", ["b"]],
  ]);
  expect(told).toEqual([
    [true, ["first"]],
    [true, ["second"]],
  ]);
  expect(store.closed).toBe(true);
});

test("recipients that a function tells are asked for at each epoch, and checked", async () => {
  const store = memoryStore();
  const told: unknown[] = [[stranger.recipient, recipient.recipient], [recipient.recipient], ["nobody"]];
  const to = async () => told.shift() as string[];
  const writer = await JournalWriter.open(store, { ...OPTIONS, to, epoch: { records: 1 } });
  await writer.append(bytes("a"));
  await writer.append(bytes("b"));
  expect(await failure(writer.append(bytes("c")))).toMatchObject({
    code: "usage",
    message: expect.stringMatching(/^what to gives\[0\]: not a recipient key/),
  });
  await writer.close();
  expect(await recordsIn(store.bytes)).toEqual([
    ["", ["a"]],
    ["", ["b"]],
  ]);
  const [opener, signer] = await Promise.all([stranger, sender].map(keysOf));
  expect(() => readBack(store.bytes, opener!, signer!.signingKey.publicKey)).toThrow();
});

test("a store of one's own is closed where it is not written to", async () => {
  for (const wrong of [{ to: ["seal1"] }, { to: [] }, { chunkSize: 5 }]) {
    const store = memoryStore();
    expect((await failure(JournalWriter.open(store, { ...OPTIONS, ...wrong }))).code).toBe("usage");
    expect(store.closed).toBe(true);
  }
});

describe("usage", () => {
  test.each<[string, Partial<JournalWriterOptions>]>([
    ["no recipient", { to: [] }],
    ["a recipient that is none", { to: [stranger.signer] }],
    ["a chunk size that is none", { chunkSize: 5000 }],
    ["an epoch of no time", { epoch: { seconds: 0 } }],
    ["an epoch of no number", { epoch: { records: Number.NaN } }],
    ["a label with a control character", { label: "\u0000" }],
  ])("%s", async (_what, options) => {
    const { at } = folder();
    expect((await failure(JournalWriter.open({ path: at("j") }, { ...OPTIONS, ...options }))).code).toBe("usage");
    await (await JournalWriter.open({ path: at("j") }, OPTIONS)).close();
  });
});

test("a signal ends it", async () => {
  const { at } = folder();
  const controller = new AbortController();
  const writer = await JournalWriter.open({ path: at("j") }, { ...OPTIONS, signal: controller.signal });
  await writer.append(bytes("a"));
  controller.abort(new Error("enough"));
  await expect(writer.append(bytes("b"))).rejects.toThrow("enough");
  await writer.close();
  expect(await recordsIn(readFileSync(at("j")))).toEqual([["", ["a"]]]);
});
