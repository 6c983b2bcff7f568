// The library on addresses, and going on where an earlier call stopped.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FullIdentity, Identity } from "../../src/api/identity.js";
import { inspect, open, sealBytes, verify } from "../../src/api/operations.js";
import { type Site, serving, site } from "../io/server.js";
import { failure } from "../support.js";

const plaintext = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 251);
const sizes = { chunkSize: 16384 };
let folder: string;
let master: FullIdentity;
let sealed: Uint8Array;
let server: Site;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seal-url-"));
  master = (await Identity.generate({ classic: true })).identity;
  sealed = await sealBytes(plaintext, { to: [master.recipient], sign: master, ...sizes });
  server = await site(serving(sealed));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const keys = () => ({ keys: [master], from: [master.signer] });

test("an address is opened, verified and inspected", async () => {
  const url = new URL(server.url);
  expect((await verify({ url, headers: { "X-Token": "hush" } }, { from: [master.signer] })).bytes).toBe(
    plaintext.length,
  );
  expect(server.asked.at(-1)!.headers["x-token"]).toBe("hush");
  expect((await inspect({ url: server.url })).bytes).toBe(plaintext.length);
  const path = join(folder, "whole");
  await open({ url }, { path }, keys());
  expect(readFileSync(path).equals(plaintext)).toBe(true);
});

test("a range of an address", async () => {
  const path = join(folder, "range");
  await open({ url: server.url }, { path }, { ...keys(), range: { first: 20_000, last: 20_009 } });
  expect(readFileSync(path).equals(plaintext.subarray(20_000, 20_010))).toBe(true);
});

test("resume goes on where a call on a broken file stopped", async () => {
  const [path, cut] = [join(folder, "out"), join(folder, "cut.sealed")];
  writeFileSync(cut, sealed.subarray(0, 100_000));
  expect((await failure(open({ path: cut }, { path }, { ...keys(), resume: true }))).code).toBe("tampered");
  expect(readdirSync(folder).filter((name) => name.endsWith(".seal-partial"))).toHaveLength(1);
  const before = server.asked.length;
  const done: number[] = [];
  const progress = (bytes: number) => void done.push(bytes);
  const opened = await open({ url: server.url }, { path }, { ...keys(), resume: true, progress });
  expect(opened).toMatchObject({ bytes: plaintext.length, chunks: 13 });
  expect(readFileSync(path).equals(plaintext)).toBe(true);
  expect(done[0]).toBe(7 * sizes.chunkSize);
  expect(server.asked.slice(before).map(({ headers }) => headers.range?.split("-")[0])).toEqual([
    "bytes=0",
    expect.stringMatching(/^bytes=9\d{4}$/),
  ]);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("resume needs files, and excludes a range", async () => {
  const out = { path: join(folder, "none") };
  for (const attempt of [
    open(sealed, out, { ...keys(), resume: true }),
    open({ url: server.url }, new WritableStream(), { ...keys(), resume: true }),
    open({ url: server.url }, out, { ...keys(), resume: true, range: { first: 0, last: 1 } }),
  ]) {
    expect((await failure(attempt)).code).toBe("usage");
  }
});
