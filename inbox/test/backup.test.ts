// A database is restored from its backup, as docs/guide/inbox.md says: what it had is there, and what came after it is
// taken in again where producers send it again, once.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasOwnServer, ownServer } from "./own-server.js";
import { readerOf } from "./producers.js";
import { makeDatabaseSite, type Served, serveDatabase } from "./program.js";

const LIMIT = 120_000;
const hasDump = spawnSync("sh", ["-c", "command -v pg_dump && command -v pg_restore"]).status === 0;
const guide = readFileSync(new URL("../../docs/guide/inbox.md", import.meta.url), "utf8");
const keyOf = (record: string) => ({ "idempotency-key": `the-key-of-the-record-${record}` });

/** The command of the guide that begins so. */
function command(program: string): string {
  const found = [...guide.matchAll(/^ {4}(\S+ .*)$/gm)]
    .map(([, line]) => line!)
    .filter((line) => line.startsWith(program));
  expect(found.length, program).toBe(1);
  return found[0]!;
}

async function send({ post }: Served, record: string): Promise<number> {
  return (await post(record, keyOf(record))).status;
}

describe.skipIf(!hasOwnServer || !hasDump)("a backup", () => {
  const server = ownServer();

  test("is restored while nothing is lost that producers send again", { timeout: LIMIT }, async () => {
    const site = await makeDatabaseSite(await server().database());
    const run = (program: string, store: string) =>
      execFileSync("sh", ["-c", command(program)], {
        cwd: site.path,
        env: { ...process.env, SEAL_INBOX_STORE: store },
      });
    const first = await serveDatabase(site);
    const reader = readerOf(site);
    for (const record of ["a", "b"]) expect(await send(first, record)).toBe(201);
    await reader.read(first);
    // The services run meanwhile.
    run("pg_dump", site.database);
    for (const record of ["c", "d"]) expect(await send(first, record)).toBe(201);
    first.child.kill("SIGTERM");
    await first.ended;
    const restored = await server().database();
    run("pg_restore", restored);
    const second = await serveDatabase({ ...site, database: restored });
    for (const record of ["a", "c", "b", "d", "c", "e"]) expect(await send(second, record)).toBe(201);
    expect(await site.records(second)).toEqual(["a", "b", "c", "d", "e"]);
    // Who had read no more than the backup has goes on.
    await reader.read(second);
    expect(reader.records).toEqual(["a", "b", "c", "d", "e"]);
    expect((await second.post("another", keyOf("c"))).status).toBe(422);
  });

  test("of what a reader had beyond it, he is told", { timeout: LIMIT }, async () => {
    const site = await makeDatabaseSite(await server().database());
    const env = { ...process.env, SEAL_INBOX_STORE: site.database };
    const first = await serveDatabase(site);
    expect(await send(first, "a")).toBe(201);
    execFileSync("sh", ["-c", command("pg_dump")], { cwd: site.path, env });
    expect(await send(first, "b")).toBe(201);
    const reader = readerOf(site);
    await reader.read(first);
    first.child.kill("SIGKILL");
    await first.ended;
    const restored = await server().database();
    execFileSync("sh", ["-c", command("pg_restore")], { cwd: site.path, env: { ...env, SEAL_INBOX_STORE: restored } });
    const second = await serveDatabase({ ...site, database: restored });
    expect(await send(second, "c")).toBe(201);
    const address = `${second.url}/v1/inboxes/till/journal`;
    const args = ["--key", "ann.key", "--label", "till", "--header", "@ann.header", "--cursor", "ann.cursor", "-q"];
    expect((await site.seal("journal", "read", address, ...args)).status).toBe(6);
  });
});
