// The library for browsers on journals that the one for Node has written: in a Blob, at an address, and of a source.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JournalWriter, Identity as NodeIdentity } from "../../src/index.js";
import type { JournalBatch } from "../../src/web/index.js";
import { type Site, serving, site } from "../io/server.js";
import { web } from "./built.js";

const { Identity, JournalReader, SealError } = web;

const { identity, secretFile } = await Identity.generate({ classic: true });
const records = Array.from({ length: 500 }, (_, i) => `record ${i} ${"x".repeat(i % 7 === 0 ? 40_000 : 20)}`);
const server: { site: Site; bytes: Uint8Array<ArrayBuffer> } = {} as never;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seal-web-"));
  const path = join(folder, "journal");
  const sign = await NodeIdentity.parse(secretFile);
  const writer = await JournalWriter.open({ path }, { to: [identity.recipient], sign, label: "log" });
  for (let at = 0; at < records.length; at += 5)
    await writer.append(records.slice(at, at + 5).map((record) => new TextEncoder().encode(record)));
  await writer.close();
  server.bytes = Uint8Array.from(readFileSync(path));
  server.site = await site(serving(server.bytes, { drops: [50_000, undefined, 200_000] }));
});
afterAll(async () => {
  await server.site.close();
  rmSync(folder, { recursive: true });
});

type Reader = AsyncIterable<JournalBatch>;

async function collected(reader: Reader, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const found: string[] = [];
  for await (const { records } of reader) {
    for (const record of records) found.push(new TextDecoder().decode(record));
    if (found.length >= most) break;
  }
  return found;
}

const options = () => ({ keys: [identity], from: [identity.signer], label: "log" });

test("all records, whatever it is read from", async () => {
  const { bytes } = server;
  const source = {
    name: "mine",
    size: async () => bytes.length,
    readAt: async (position: number, length: number) => bytes.subarray(position, position + length),
    close: async () => {},
  };
  for (const input of [new Blob([bytes]), { url: server.site.url }, source]) {
    const reader = await JournalReader.open(input, options());
    expect(await collected(reader)).toEqual(records);
    expect([reader.tail, reader.label, reader.signer]).toEqual([0, "log", identity.signer]);
  }
});

test("a later reader goes on at the cursor of an earlier one", async () => {
  const first = await JournalReader.open(new Blob([server.bytes]), options());
  const begun = await collected(first, 200);
  const second = await JournalReader.open({ url: server.site.url }, { ...options(), cursor: first.cursor });
  expect([...begun, ...(await collected(second))]).toEqual(records);
});

test("what is before a byte that was altered, and no more", async () => {
  const bytes = server.bytes.slice();
  bytes[bytes.length - 100_000]! ^= 1;
  const reader = await JournalReader.open(new Blob([bytes]), options());
  const found: string[] = [];
  const error = await (async () => {
    for await (const { records } of reader) for (const record of records) found.push(new TextDecoder().decode(record));
  })().then(
    () => null,
    (error) => error,
  );
  expect(error).toBeInstanceOf(SealError);
  expect(error).toMatchObject({ code: "tampered" });
  expect(found.length).toBeLessThan(records.length);
  expect(found).toEqual(records.slice(0, found.length));
});

test("a Blob cannot be followed, and text is no journal", async () => {
  await expect(JournalReader.open(new Blob([]), { ...options(), follow: true })).rejects.toThrow(/cannot be followed/);
  await expect(JournalReader.open("journal" as never, options())).rejects.toThrow(/a Blob, \{ url \} or a source/);
  expect(() => new (JournalReader as never as new () => unknown)()).toThrow(/cannot be constructed/);
});
