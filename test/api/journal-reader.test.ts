// The library's reader of journals, on what its writer has written.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Identity, type JournalBatch, JournalReader, JournalWriter } from "../../src/index.js";
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
  const options = { recipients: [recipient.recipient], signer: sender, label: "log" };
  const writer = await JournalWriter.open({ path }, options);
  for (const record of records) await writer.append(new TextEncoder().encode(record));
  await writer.close();
}

async function collected(reader: JournalReader): Promise<string[]> {
  const records: string[] = [];
  for await (const batch of reader) records.push(...batch.records.map((record) => new TextDecoder().decode(record)));
  return records;
}

const open = (options: Partial<Parameters<typeof JournalReader.open>[1]> = {}) =>
  JournalReader.open({ path }, { keys: [recipient], ...options });

test("records, when they were sealed, by whom", async () => {
  const before = Date.now();
  await append("one", "two");
  const reader = open({ label: "log" });
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
  const first = open();
  for await (const { records } of first) if (records[0]!.length === 3) break;
  const { cursor } = first;
  expect(new TextDecoder().decode(cursor!)).toMatch(/^seal journal cursor 1\n/);
  const second = open({ cursor });
  expect(await collected(second)).toEqual(["two", "three"]);
  await append("four");
  expect(await collected(open({ cursor: second.cursor }))).toEqual(["four"]);
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  expect(await collected(open({ cursor: second.cursor }))).toEqual([]);
  writeFileSync(path, readFileSync(path).subarray(0, 500));
  expect((await failure(collected(open({ cursor: second.cursor })))).code).toBe("tampered");
});

test("by time", async () => {
  await append("one");
  const soon = new Date(Date.now() + 60_000);
  expect(await collected(open({ since: new Date(0), until: soon }))).toEqual(["one"]);
  expect(await collected(open({ since: soon }))).toEqual([]);
  expect((await failure(collected(open({ until: new Date(Number.NaN) })))).code).toBe("usage");
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
    for await (const { records } of open({ follow: true, signal: end.signal })) {
      came.push(new TextDecoder().decode(records[0]));
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
    const reader = JournalReader.open({ url: server.url, headers: { "X-Token": "t" } }, { keys: [recipient] });
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
  const reader = open();
  await collected(reader);
  expect((await failure(collected(reader))).code).toBe("usage");
});

test("examples/pick-up.js prints what is new, each time", async () => {
  const { identity, secretFile } = await Identity.generate({ accept: [sender.signer] });
  writeFileSync(join(folder, "reader.key"), secretFile, { mode: 0o600 });
  const options = { recipients: [identity.recipient], signer: sender };
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
