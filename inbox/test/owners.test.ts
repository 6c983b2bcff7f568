// Who has a directory of inboxes: one service, from its start on; and what becomes of one that lost it.

import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeSite, type Site, serve } from "./program.js";

const LIMIT = 120_000;

const serveOnce = (site: Site) =>
  site.inbox("serve", "--dir", "box", "--sign", "inbox.key", "--listen", "127.0.0.1:0", "--json");

/** Every lock and its socket, as somebody removes them who takes the service for dead. */
function removeLocks({ path }: Site): void {
  const names = readdirSync(join(path, "box"), { recursive: true, encoding: "utf8" });
  const locks = names.filter((name) => /(^|\/)\.[^/]*\.lock(\.[0-9a-f]+)?$/.test(name));
  expect(locks.length).toBeGreaterThan(2);
  for (const name of locks) rmSync(join(path, "box", name));
}

test("a second service is refused at its start, and the first goes on", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const first = await serve(site);
  expect((await first.post("a")).status).toBe(201);
  const second = await serveOnce(site);
  expect(second.status).toBe(3);
  expect(JSON.parse(second.stdout)).toMatchObject({ ok: false, code: "io", exit: 3 });
  expect(second.stdout).toContain("is in use by another service");
  expect((await first.post("b")).status).toBe(201);
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(await site.records()).toEqual(["a", "b"]);
});

test("a service whose locks were removed by hand takes no record from the one that came after it", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  const first = await serve(site);
  expect((await first.post("a")).status).toBe(201);
  removeLocks(site);
  const second = await serve(site);
  for (const record of ["b", "c", "d"]) expect((await second.post(record)).status).toBe(201);
  const journal = join(site.path, "box", "inboxes", "till", "journal.sealed");
  const before = readFileSync(journal);
  expect((await first.post("lost")).status).toBe(503);
  expect((await first.post("lost")).status).toBe(503);
  expect(readFileSync(journal)).toEqual(before);
  expect((await second.post("e")).status).toBe(201);
  first.child.kill("SIGTERM");
  await first.ended;
  expect((await second.post("f")).status).toBe(201);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
  expect(await site.records()).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(readdirSync(join(journal, "..")).filter((name) => name.includes("tail"))).toEqual([]);
});

test("unlock leaves a service that lives its lock, and breaks that of a dead one", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const served = await serve(site);
  const refused = await site.inbox("unlock", "--dir", "box", "--json");
  expect([refused.status, JSON.parse(refused.stdout).code]).toEqual([3, "io"]);
  served.child.kill("SIGKILL");
  await served.ended;
  const broken = await site.inbox("unlock", "--dir", "box", "--json");
  expect(JSON.parse(broken.stdout)).toMatchObject({
    ok: true,
    broken: true,
    holders: [{ pid: served.child.pid, known: true }],
  });
  expect(await site.inbox("unlock", "--dir", "box")).toMatchObject({ status: 0, stdout: "box is not locked\n" });
});

/** What is in the inbox's directory, but for locks. */
function filesOf({ path }: Site): Record<string, string> {
  const till = join(path, "box", "inboxes", "till");
  const names = readdirSync(till, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => !/\.lock/.test(name) && statSync(join(till, name)).isFile());
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(till, name), "base64")]));
}

test("a service that lost an inbox writes no idempotency key any more, to its end", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  const keyed = (record: string) => ({ "idempotency-key": `the-key-of-the-record-${record}` });
  const first = await serve(site);
  expect((await first.post("a", keyed("a"))).status).toBe(201);
  removeLocks(site);
  const second = await serve(site);
  for (const record of ["a", "b", "c"]) expect((await second.post(record, keyed(record))).status).toBe(201);
  // Its cursor follows within a second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = filesOf(site);
  for (const record of ["x", "y"]) expect((await first.post(record, keyed(record))).status).toBe(503);
  expect(filesOf(site)).toEqual(before);
  first.child.kill("SIGTERM");
  await first.ended;
  expect(filesOf(site)).toEqual(before);
  second.child.kill("SIGKILL");
  await second.ended;
  const third = await serve(site);
  for (const record of ["a", "b", "c"]) expect((await third.post(record, keyed(record))).status).toBe(201);
  third.child.kill("SIGTERM");
  await third.ended;
  expect(await site.records()).toEqual(["a", "b", "c"]);
});
