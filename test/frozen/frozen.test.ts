// What was written by the program in the beginning is still read: keys, files and journals of each kind, as they are in
// version-1.json. It may grow; what stands in it does not change from 1.0 on (docs/COMPATIBILITY.md).

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Identity, JournalReader, openBytes, verify } from "../../src/index.js";
import { memoryJournal } from "../journal/maker.js";

interface Written {
  readonly identities: Readonly<Record<"master" | "classic" | "hybrid", string>>;
  readonly publicKeys: Readonly<Record<"master" | "classic" | "hybrid", string>>;
  readonly files: Readonly<Record<"classic" | "hybrid" | "unsigned" | "passphrase" | "text", string>>;
  readonly journals: Readonly<Record<"classic" | "hybrid" | "shortened", string>>;
  readonly cursor: string;
}

const written: Written = JSON.parse(readFileSync(new URL("version-1.json", import.meta.url), "utf8"));
const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));
const identity = (name: keyof Written["identities"]) => Identity.parse(Buffer.from(written.identities[name]));
const text = (count: number) => "record ".repeat(count);

const [master, classic, hybrid] = [await identity("master"), await identity("classic"), await identity("hybrid")];
const keys = [classic, hybrid];
const from = [master.signer!];

test("the keys are the ones in the public key files", () => {
  for (const [name, { recipient, signer }] of Object.entries({ master, classic, hybrid })) {
    const lines = written.publicKeys[name as "master"].split("\n").filter((line) => line.startsWith("seal"));
    expect(lines).toEqual([recipient, signer].filter((key) => key !== null));
  }
  expect(hybrid.accept).toEqual(from);
});

test.each([
  ["classic", 600],
  ["hybrid", 600],
  ["text", 3],
] as const)("the file %s opens, and verifies", async (name, count) => {
  const file = bytes(written.files[name]);
  expect(Buffer.from(await openBytes(file, { keys })).toString()).toBe(text(count));
  expect(await verify(file, { from, label: "frozen" })).toMatchObject({ signer: master.signer, bytes: 7 * count });
});

test("the unsigned file opens, and that for a passphrase", async () => {
  const unsigned = await openBytes(bytes(written.files.unsigned), { keys, allowUnsigned: true });
  const passphrase = new TextEncoder().encode("correct horse");
  const other = await openBytes(bytes(written.files.passphrase), { keys: [], passphrase, from });
  expect([unsigned, other].map((plaintext) => Buffer.from(plaintext).toString())).toEqual([text(3), text(3)]);
});

async function records(journal: string, cursor: Uint8Array | null = null): Promise<string[]> {
  const reader = await JournalReader.open(memoryJournal(bytes(journal)), { keys, from, label: "frozen", cursor });
  const found: string[] = [];
  for await (const batch of reader) {
    for (const { record, heads } of batch.records.withHeads())
      found.push(`${Buffer.from(record).toString()} ${JSON.stringify(heads)}`);
  }
  return found;
}

const epoch = (number: number) => [`one ${number} {}`, `two ${number} {"type":"text/plain"}`, `three ${number} {}`];

test("the journals are read, from their beginning and from a cursor; one has been shortened", async () => {
  const { journals } = written;
  expect(await records(journals.classic)).toEqual([...epoch(1), ...epoch(2)]);
  expect(await records(journals.hybrid)).toEqual([...epoch(1), ...epoch(2)]);
  expect(await records(journals.shortened)).toEqual(epoch(2));
  const cursor = new TextEncoder().encode(written.cursor);
  expect(await records(journals.hybrid, cursor)).toEqual(epoch(2));
  expect(await records(journals.shortened, cursor)).toEqual(epoch(2));
});
