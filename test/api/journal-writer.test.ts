// The library's writer: what its options mean, and what it refuses.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Identity, JournalWriter, type JournalWriterOptions } from "../../src/index.js";
import { folder } from "../io/folder.js";
import { memoryStore } from "../journal/memory-store.js";
import { readBack } from "../journal/read-back.js";
import { failure } from "../support.js";
import { recipient, sender, stranger } from "./people.js";

const OPTIONS: JournalWriterOptions = { recipients: [recipient.recipient], signer: sender };
const bytes = (text: string) => new TextEncoder().encode(text);

async function recordsIn(journal: Uint8Array) {
  const [to, by] = await Promise.all([recipient, sender].map((each) => Identity.fileOf(each).unlock()));
  return readBack(journal, to!, by!.signingKey.publicKey).map(({ label, frames }) => [
    label,
    frames.flatMap(({ records }) => records),
  ]);
}

test("a file by its path, one record or several, epochs, and coming back", async () => {
  const { at } = folder();
  const writer = await JournalWriter.open({ path: at("j") }, { ...OPTIONS, label: "log", chunkSize: 4096 });
  expect(writer.recovered).toEqual({ aside: null, frames: [] });
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

test("a store of one's own is closed where it is not written to", async () => {
  for (const wrong of [{ recipients: ["seal1"] }, { recipients: [] }, { chunkSize: 5 }]) {
    const store = memoryStore();
    expect((await failure(JournalWriter.open(store, { ...OPTIONS, ...wrong }))).code).toBe("usage");
    expect(store.closed).toBe(true);
  }
});

describe("usage", () => {
  test.each<[string, Partial<JournalWriterOptions>]>([
    ["no recipient", { recipients: [] }],
    ["a recipient that is none", { recipients: [stranger.signer] }],
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
