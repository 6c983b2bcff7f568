// The machine's clock jumps while the service runs, and over restarts: what was acknowledged under an idempotency key
// is neither doubled nor acknowledged where it is not. (What is sealed under such a clock says so: times are the
// writer's.)

import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeSite, type Served, serve } from "./program.js";

const SHIFTED = fileURLToPath(new URL("shifted-clock.js", import.meta.url));
/** Milliseconds: each start of a process counts. */
const LIMIT = 400_000;
const HOUR = 3_600_000;
const keyOf = (record: string) => ({ "idempotency-key": `the-key-of-the-record-${record}` });

async function makeShifted() {
  const site = await makeSite();
  const file = join(site.path, "clock");
  const set = (hours: number) => writeFileSync(file, String(hours * HOUR));
  set(0);
  const start = (...args: string[]) => serve(site, args, ["--import", SHIFTED], { SHIFTED_CLOCK: file });
  return { site, set, start };
}

const send = async ({ post }: Served, record: string) => (await post(record, keyOf(record))).status;

test("a clock that jumps while the service runs forgets no key, and loses none", { timeout: LIMIT }, async () => {
  const { site, set, start } = await makeShifted();
  const served = await start();
  expect(await send(served, "r0")).toBe(201);
  for (const [i, hours] of [28, -24, 24 * 400, 0].entries()) {
    set(hours);
    expect(new Date((await served.post("x").then(({ headers }) => headers.get("date")))!).getTime()).toBeGreaterThan(0);
    for (let known = 0; known <= i; known++) expect(await send(served, `r${known}`)).toBe(201);
    expect(await send(served, `r${i + 1}`)).toBe(201);
    set(0);
    expect(await send(served, `r${i + 1}`)).toBe(201);
  }
  served.child.kill("SIGTERM");
  await served.ended;
  const records = (await site.records()).filter((record) => record !== "x");
  expect(records.sort()).toEqual(["r0", "r1", "r2", "r3", "r4"]);
});

test("a clock that jumps over restarts, forward, back, and with a kill between, doubles nothing", {
  timeout: LIMIT,
}, async () => {
  const { site, set, start } = await makeShifted();
  const records: string[] = [];
  for (const [i, hours] of [0, 28, -24, 0].entries()) {
    set(hours);
    const served = await start("--key-lifetime", "24h");
    for (const record of records) expect(await send(served, record)).toBe(201);
    records.push(`r${i}`);
    expect(await send(served, `r${i}`)).toBe(201);
    served.child.kill(i % 2 === 0 ? "SIGKILL" : "SIGTERM");
    await served.ended;
  }
  expect((await site.records()).sort()).toEqual(records);
});

/** What a shell does before it becomes the service, so that the machine seems to run for months. */
const SHIFTS = {
  "a time namespace": `set -- unshare --time --monotonic 9000000 --boottime 9000000 --fork --kill-child "$@"`,
  "an uptime of its own, as in a container of lxcfs": `echo 9000000.00 1.00 > up; set -- unshare --mount sh -c 'mount --bind up /proc/uptime && exec "$@"' sh "$@"`,
};

function canShift(shift: string): boolean {
  return spawnSync("sh", ["-c", `cd /tmp; ${shift}; exec "$@"`, "sh", "true"]).status === 0;
}

test.each(Object.entries(SHIFTS))("%s lets no time pass for a key", { timeout: LIMIT }, async (_what, shift) => {
  if (!canShift(shift)) return console.warn("skipped: it needs unshare(1), and the right to make namespaces");
  const site = await makeSite();
  for (const before of [":", shift, ":"]) {
    const served = await serve(site, ["--key-lifetime", "24h"], [], {}, before);
    expect(await send(served, "r")).toBe(201);
    served.child.kill("SIGKILL");
    await served.ended;
  }
  expect(await site.records()).toEqual(["r"]);
});

test("a key is forgotten when its time has passed, and its file goes", { timeout: LIMIT }, async () => {
  const { site, start } = await makeShifted();
  const served = await start("--key-lifetime", "2s", "--idle", "1s");
  expect(await send(served, "r")).toBe(201);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await send(served, "r")).toBe(201);
  const { length } = await site.records();
  expect(length).toBe(2);
  const files = async () => {
    expect((await served.post("x")).status).toBe(201);
    return readdirSync(join(site.path, "box", "inboxes", "till", "keys")).length;
  };
  await expect.poll(files, { timeout: 20_000, interval: 500 }).toBe(1);
});
