// The library's reader of journals, on what its writer has written.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  holdLock,
  Identity,
  type JournalBatch,
  JournalReader,
  JournalWriter,
  open as openFile,
  verify,
} from "../../src/index.js";
import { serving, site } from "../io/server.js";
import { memoryJournal } from "../journal/maker.js";
import { failure } from "../support.js";
import { recipient, sender, stranger } from "./people.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seal-journal-"));
  path = join(folder, "journal");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function append(...records: string[]): Promise<void> {
  const options = { to: [recipient.recipient], sign: sender, label: "log" };
  const writer = await JournalWriter.open({ path }, options);
  for (const record of records) await writer.append(new TextEncoder().encode(record));
  await writer.close();
}

async function collected(opened: JournalReader | Promise<JournalReader>): Promise<string[]> {
  const records: string[] = [];
  for await (const batch of await opened) {
    for (const record of batch.records) records.push(new TextDecoder().decode(record));
  }
  return records;
}

const open = (options: Partial<Parameters<typeof JournalReader.open>[1]> = {}) =>
  JournalReader.open({ path }, { keys: [recipient], ...options });

test("records, when they were sealed, by whom", async () => {
  const before = Date.now();
  await append("one", "two");
  const reader = await open({ label: "log" });
  expect([reader.cursor, reader.tail, reader.signer]).toEqual([null, null, null]);
  const batches: JournalBatch[] = [];
  for await (const batch of reader) batches.push(batch);
  expect(batches.map(({ epoch, frame, records }) => [epoch, frame, records.length])).toEqual([
    [0, 0, 1],
    [0, 1, 1],
  ]);
  expect(batches[0]!.sealedAt.getTime()).toBeGreaterThanOrEqual(before);
  expect([reader.tail, reader.signer, reader.label]).toEqual([0, sender.signer, "log"]);
});

test("a cursor goes on where a reader was left, also one that was left early", async () => {
  await append("one", "two", "three");
  const first = await open();
  for await (const { records } of first) if ([...records][0]!.length === 3) break;
  const { cursor } = first;
  expect(new TextDecoder().decode(cursor!)).toMatch(/^seal journal cursor 1\n/);
  const second = await open({ cursor });
  expect(await collected(second)).toEqual(["two", "three"]);
  await append("four");
  expect(await collected(open({ cursor: second.cursor }))).toEqual(["four"]);
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  expect(await collected(open({ cursor: second.cursor }))).toEqual([]);
  writeFileSync(path, readFileSync(path).subarray(0, 500));
  expect((await failure(collected(open({ cursor: second.cursor })))).code).toBe("tampered");
});

test("a cursor that is not for reading is refused", async () => {
  await append("one");
  const reader = await open();
  await collected(reader);
  const text = new TextDecoder().decode(reader.cursor!);
  expect(text).toContain("\nfor reading\n");
  for (const purpose of ["verifying", "writing"]) {
    const cursor = new TextEncoder().encode(text.replace("for reading", `for ${purpose}`));
    expect(await failure(collected(open({ cursor })))).toMatchObject({
      code: "usage",
      message: `this is a cursor for ${purpose}, not for reading`,
    });
  }
});

test("what since leaves out is left to a later reader, unless it is said that older records are not wanted", async () => {
  await append("one");
  const since = new Date(Date.now() + 60_000);
  const first = await open({ since });
  expect(await collected(first)).toEqual([]);
  expect(await collected(open({ cursor: first.cursor }))).toEqual(["one"]);
  const skipping = await open({ since, skipOlder: true });
  expect(await collected(skipping)).toEqual([]);
  expect(await collected(open({ cursor: skipping.cursor }))).toEqual([]);
});

test("an epoch for others ends reading, or is verified, counted and passed over", async () => {
  await append("one");
  const added = await open({ keys: [stranger], from: [sender.signer] });
  expect(await failure(collected(added))).toMatchObject({ code: "no-key", reason: "other-recipients" });
  expect(added.cursor).toBeNull();
  const skipping = await open({ keys: [stranger], from: [sender.signer], skipUnreadable: true });
  expect(await collected(skipping)).toEqual([]);
  expect([skipping.skipped, skipping.tail]).toEqual([{ epochs: 1, frames: 1 }, 0]);
  expect(new TextDecoder().decode(skipping.cursor!)).toMatch(/\nframes 1\n/);
});

test("by time", async () => {
  await append("one");
  const soon = new Date(Date.now() + 60_000);
  expect(await collected(open({ since: new Date(0), until: soon }))).toEqual(["one"]);
  expect(await collected(open({ since: soon }))).toEqual([]);
  await expect(open({ until: new Date(Number.NaN) })).rejects.toThrow("until is an invalid Date");
});

test("who is accepted, and what is demanded", async () => {
  await append("one");
  expect((await failure(collected(open({ from: [stranger.signer] })))).code).toBe("untrusted");
  expect((await failure(collected(open({ label: "other" })))).code).toBe("untrusted");
  expect((await failure(collected(open({ keys: [stranger] })))).code).toBe("untrusted");
  expect((await failure(collected(open({ keys: [stranger], from: "any" })))).code).toBe("no-key");
  expect(await collected(open({ from: "any" }))).toEqual(["one"]);
});

test("following: what is appended comes, until the signal aborts", async () => {
  await append("one");
  const end = new AbortController();
  const came: string[] = [];
  const following = (async () => {
    for await (const { records } of await open({ follow: true, signal: end.signal })) {
      came.push(new TextDecoder().decode([...records][0]));
      if (came.length === 1) await append("two");
      else end.abort(new Error("enough"));
    }
  })();
  await expect(following).rejects.toThrow("enough");
  expect(came).toEqual(["one", "two"]);
});

test("an address, and a source of one's own, which stays open", async () => {
  await append("one", "two");
  const bytes = readFileSync(path);
  const server = await site(serving(bytes));
  try {
    const reader = await JournalReader.open({ url: server.url, headers: { "X-Token": "t" } }, { keys: [recipient] });
    expect(await collected(reader)).toEqual(["one", "two"]);
    expect(server.asked[0]!.headers["x-token"]).toBe("t");
  } finally {
    await server.close();
  }
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  const source = { ...memoryJournal(bytes), close };
  expect(await collected(JournalReader.open(source, { keys: [recipient] }))).toEqual(["one", "two"]);
  expect(closed).toBe(0);
});

test("what is none, and a reader that is asked twice", async () => {
  writeFileSync(path, "");
  expect((await failure(collected(open()))).code).toBe("malformed");
  await append("one");
  const reader = await open();
  await collected(reader);
  expect((await failure(collected(reader))).code).toBe("usage");
});

test("examples/pick-up.js prints what is new, each time", async () => {
  const { identity, secretFile } = await Identity.generate({ accept: [sender.signer] });
  writeFileSync(join(folder, "reader.key"), secretFile, { mode: 0o600 });
  const options = { to: [identity.recipient], sign: sender };
  const run = () => {
    const script = fileURLToPath(new URL("../../examples/pick-up.js", import.meta.url));
    const out = execFileSync(process.execPath, [script, path, join(folder, "reader.key"), join(folder, "cursor")]);
    return out.toString().replace(/^\S+ /gm, "");
  };
  for (const [records, expected] of [
    [["one", "two"], "one\ntwo\n"],
    [["three"], "three\n"],
    [[], ""],
  ] as const) {
    const writer = await JournalWriter.open({ path }, options);
    await writer.append(records.map((record) => new TextEncoder().encode(record)));
    await writer.close();
    expect(run()).toBe(expected);
  }
});

test("what a cursor or a key is not is told when the reader is opened, before anything is read", async () => {
  const none = { path: join(folder, "none") };
  const cases = [{ cursor: new TextEncoder().encode("no cursor") }, { from: ["sealsig1"] }];
  for (const wrong of cases)
    expect((await failure(JournalReader.open(none, { keys: [recipient], ...wrong }))).code).toBe("usage");
  await JournalReader.open(none, { keys: [recipient] });
});

test("an error tells its journal by its name, as those of files do", async () => {
  const options = { to: [recipient.recipient], sign: sender };
  const none = { path: join(folder, "none") };
  expect((await failure(collected(JournalReader.open(none, { keys: [recipient] })))).input).toBe(none.path);
  expect((await failure(openFile(none, new PassThrough(), { keys: [recipient] }))).input).toBe(none.path);
  expect((await failure(verify(none, { from: [sender.signer] }))).input).toBe(none.path);
  const within = { path: join(folder, "none", "journal") };
  expect((await failure(JournalWriter.open(within, options))).input).toBe(within.path);
  const writer = await JournalWriter.open({ path }, { ...options, chunkSize: 4096 });
  expect((await failure(writer.append(new Uint8Array(4096)))).input).toBe(path);
  await writer.close();
  const url = "http://user:secret@[::1]:1/j?token=x";
  const error = await failure(collected(JournalReader.open({ url }, { keys: [recipient], from: [] })));
  expect(error.input).toBe("http://[::1]:1/j?token=…");
  const named = memoryJournal(new Uint8Array(3));
  const other = await failure(collected(JournalReader.open(named, { keys: [recipient] })));
  expect(other.input).toBe(named.name);
});

test("methods work without their objects", async () => {
  const {
    append: add,
    nextEpoch,
    close,
  } = await JournalWriter.open({ path }, { to: [recipient.recipient], sign: sender });
  await add(new TextEncoder().encode("one"));
  nextEpoch();
  await close();
  const { [Symbol.asyncIterator]: iterate } = await open();
  const records: string[] = [];
  for (const iterator = iterate(); ; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    const { withHeads } = (value as JournalBatch).records;
    for (const { record } of withHeads()) records.push(new TextDecoder().decode(record));
  }
  expect(records).toEqual(["one"]);
  const { isThere, release } = await holdLock(path, { name: "it" });
  expect(isThere()).toBe(true);
  await release();
});
