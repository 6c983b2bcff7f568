// A thief who reads the memory of two services right after a record went from one to the other, in TLS: of what was
// acknowledged, neither has a word left, nor a key that opens it.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hasPostgres, type Server, startPostgres } from "../../inbox/test/postgres.js";
import { makeDatabaseSite, serveDatabase } from "../../inbox/test/program.js";
import { journalSecrets } from "./keys.js";
import { memoryOf, obstacle } from "./memory.js";
import { addIdentity, Needles, secretsOf } from "./needles.js";
import { record } from "./victims.js";

vi.setConfig({ testTimeout: 300_000 });

const why = obstacle();
const thief = test.skipIf(why !== null || !hasPostgres);

let server: Server;
beforeAll(async () => {
  if (hasPostgres) server = await startPostgres();
}, 60_000);
afterAll(() => server?.remove());

/** An identity's own secrets are its process's to keep, and what opens frames to come is the writer's. */
const opens = (name: string) => !/^(writer: |reader: |next chain key|record key's seed|ML-KEM's )/.test(name);

thief("of records that were passed on, neither service has a key or a word left", async () => {
  const site = await makeDatabaseSite(await server.database());
  const peers = ["--peers", "127.0.0.1:0"];
  const [owner, other] = await Promise.all([serveDatabase(site, peers), serveDatabase(site, peers)]);
  expect((await owner!.post("the owner's")).status).toBe(201);
  const lone = Array.from({ length: 5 }, record);
  const together = Array.from({ length: 50 }, record);
  // Of more than one record of TLS.
  const long = `record ${randomBytes(60_000).toString("base64url")}`;
  for (const text of [...lone, long]) expect((await other!.post(text)).status).toBe(201);
  const lines = { "content-type": "application/x-ndjson" };
  expect((await other!.post(together.join("\n"), lines)).status).toBe(201);
  expect(other!.log()).not.toContain('"msg":"opened"');
  const headers = { authorization: `Bearer ${site.reader}` };
  const journal = await fetch(`${owner!.url}/v1/inboxes/till/journal`, { headers });
  const reader = secretsOf(readFileSync(join(site.path, "ann.key"), "utf8")).opening;
  const { secrets } = journalSecrets(Buffer.from(await journal.arrayBuffer()), reader);
  const needles = new Needles();
  for (const [name, secret] of Object.entries(secrets)) needles.addSecret(name, secret);
  addIdentity(needles, "writer", readFileSync(join(site.path, "inbox.key"), "utf8"));
  for (const [i, text] of [...lone, ...together].entries()) needles.add(`record ${i}`, Buffer.from(text.slice(7)));
  for (const at of [7, 20_000, 50_000]) needles.add(`long record at ${at}`, Buffer.from(long.slice(at, at + 40)));
  const found = () => [owner!, other!].map(({ child }) => [...needles.foundIn(memoryOf(child.pid!))].filter(opens));
  const atOnce = found();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect([atOnce, found()]).toEqual([
    [[], []],
    [[], []],
  ]);
});
