// What is put back from a copy, cut, or put in the place of the journal: a retry is acknowledged only if its record is
// in the journal as it stands, and one that is there is not doubled.

import { execFileSync } from "node:child_process";
import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folder } from "./folder.js";
import { logged } from "./log.js";
import { makeSite, type Served, type Site, serve, siteAt } from "./program.js";

/** Milliseconds: each start of a process counts. */
const LIMIT = 400_000;
const KEYS = ["r1", "r2", "r3", "r4"];
const keyOf = (record: string) => ({ "idempotency-key": `the key of the record ${record}`.replaceAll(" ", "-") });

interface Till extends Site {
  readonly till: string;
  readonly journal: string;
  /** Serves while `work` is done, then ends the service, cleanly or not. */
  during<T>(end: "SIGTERM" | "SIGKILL", work: (served: Served) => Promise<T>): Promise<T>;
}

function tillOf(site: Site): Till {
  const till = join(site.path, "box", "inboxes", "till");
  const during: Till["during"] = async (end, work) => {
    const served = await serve(site);
    const done = await work(served);
    served.child.kill(end);
    await served.ended;
    return done;
  };
  return { ...site, till, journal: join(till, "journal.sealed"), during };
}

async function send({ post }: Served, ...records: string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const record of records) statuses.push((await post(record, keyOf(record))).status);
  return statuses;
}

/** As an operator does: of a running service, a lock is copied along. */
function copyAll(from: string, to: string): void {
  execFileSync("cp", ["-aT", from, to]);
}

const created = (count: number) => Array<number>(count).fill(201);
const copyOf = (path: string) => `${path}.copy`;

/** r1, then a copy of the inbox while the service runs, then r2 to r4. The service is killed, or ends. */
async function makeCopied(end: "SIGTERM" | "SIGKILL"): Promise<Till> {
  const site = tillOf(await makeSite(await mkdtemp(join(tmpdir(), "seal-inbox-"))));
  await site.during(end, async (served) => {
    expect(await send(served, "r1")).toEqual(created(1));
    copyAll(site.till, copyOf(site.till));
    expect(await send(served, "r2", "r3", "r4")).toEqual(created(3));
  });
  return site;
}

const made = new Map<string, Till>();

/** A copy of what `makeCopied` makes, for one test. */
async function copiedMeanwhile(end: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<Till> {
  const site = made.get(end) ?? (await makeCopied(end));
  made.set(end, site);
  const path = await folder();
  copyAll(site.path, path);
  return tillOf(siteAt(path, site.producer, site.reader));
}

afterAll(() => {
  for (const { path } of made.values()) rmSync(path, { recursive: true, force: true });
});

/** As the hint of the program says where the journal is older than the cursor. */
function moveCursorAway({ journal }: Till): void {
  rmSync(`${journal}.writer-cursor`, { force: true });
}

function restore({ till }: Till, ...names: string[]): void {
  for (const name of names) {
    rmSync(join(till, name), { recursive: true, force: true });
    copyAll(join(copyOf(till), name), join(till, name));
  }
}

async function expectEachOnce(site: Till, ...more: string[]): Promise<void> {
  expect((await site.records()).sort()).toEqual([...KEYS, ...more].sort());
}

test("the journal alone is put back: what it lacks is taken in again, what it has is not doubled", {
  timeout: LIMIT,
}, async () => {
  const site = await copiedMeanwhile();
  restore(site, "journal.sealed");
  moveCursorAway(site);
  expect(await site.records()).toEqual(["r1"]);
  expect(await site.during("SIGKILL", (served) => send(served, ...KEYS, ...KEYS))).toEqual(created(8));
  await expectEachOnce(site);
  expect(await site.during("SIGTERM", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site);
});

test("journal, cursor and keys are put back together", { timeout: LIMIT }, async () => {
  const site = await copiedMeanwhile("SIGTERM");
  renameSync(site.till, `${site.till}.newer`);
  copyAll(copyOf(site.till), site.till);
  expect(await site.during("SIGTERM", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site);
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "the keys alone are put back (%s): no record is doubled, and the operator is told",
  { timeout: LIMIT },
  async (end) => {
    const site = await copiedMeanwhile(end);
    renameSync(join(site.till, "keys"), join(site.till, "keys.newer"));
    copyAll(join(copyOf(site.till), "keys"), join(site.till, "keys"));
    await site.during("SIGTERM", async (served) => {
      expect(await send(served, "r2")).toEqual([503]);
      await logged(served.log, "keys are missing");
    });
    await expectEachOnce(site);
    rmSync(join(site.till, "keys"), { recursive: true });
    renameSync(join(site.till, "keys.newer"), join(site.till, "keys"));
    expect(await site.during("SIGTERM", (served) => send(served, ...KEYS))).toEqual(created(4));
    await expectEachOnce(site);
  },
);

test("a journal that was put back has grown past where the lost records stood", { timeout: LIMIT }, async () => {
  const site = await copiedMeanwhile();
  const size = statSync(site.journal).size;
  restore(site, "journal.sealed");
  moveCursorAway(site);
  const others = ["o1", "o2", "o3", "o4", "o5"];
  await site.during("SIGKILL", async (served) => {
    for (const other of others) expect((await served.post(other)).status).toBe(201);
  });
  expect(statSync(site.journal).size).toBeGreaterThan(size);
  expect(await site.during("SIGKILL", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site, ...others);
});

test("of two histories, the one that stands counts, back and forth", { timeout: LIMIT }, async () => {
  const site = await copiedMeanwhile();
  const [first, second] = [`${site.journal}.first`, `${site.journal}.second`];
  copyFileSync(site.journal, first);
  restore(site, "journal.sealed");
  moveCursorAway(site);
  await site.during("SIGKILL", async (served) => {
    expect((await served.post("another")).status).toBe(201);
    expect(await send(served, "r4", "r3")).toEqual(created(2));
  });
  copyFileSync(site.journal, second);
  for (const [history, ...more] of [[first], [second, "another"], [first]] as const) {
    copyFileSync(history!, site.journal);
    moveCursorAway(site);
    expect(await site.during("SIGKILL", (served) => send(served, ...KEYS))).toEqual(created(4));
    await expectEachOnce(site, ...more);
    if (history === second) copyFileSync(site.journal, second);
  }
});

test.each([1, 500])("a journal that was cut short by %i bytes", async (bytes) => {
  const site = await copiedMeanwhile();
  truncateSync(site.journal, statSync(site.journal).size - bytes);
  moveCursorAway(site);
  expect(await site.during("SIGKILL", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site);
});

test("a journal that was begun anew", { timeout: LIMIT }, async () => {
  const site = await copiedMeanwhile();
  rmSync(site.journal);
  moveCursorAway(site);
  expect(await site.during("SIGKILL", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site);
});

/** Puts the journal of the copy in the place of the one that a service is writing. */
function replaceUnder(site: Till): void {
  copyFileSync(site.journal, `${site.journal}.whole`);
  copyFileSync(join(copyOf(site.till), "journal.sealed"), `${site.journal}.older`);
  renameSync(`${site.journal}.older`, site.journal);
}

/** The whole journal is put back, and everything is sent again: it is there once. */
async function expectWhole(site: Till): Promise<void> {
  renameSync(`${site.journal}.whole`, site.journal);
  moveCursorAway(site);
  expect(await site.during("SIGTERM", (served) => send(served, ...KEYS))).toEqual(created(4));
  await expectEachOnce(site);
}

test("a journal that is replaced under a running service, and its cursor: 201 is said of what is in the new one alone", {
  timeout: LIMIT,
}, async () => {
  const site = await copiedMeanwhile("SIGTERM");
  const statuses = await site.during("SIGKILL", async (served) => {
    expect(await send(served, "r4")).toEqual(created(1));
    replaceUnder(site);
    restore(site, "journal.sealed.writer-cursor");
    return send(served, "r4", "r2", "r4", "r1");
  });
  // The first retry finds that the service remembers what is not there. Then the inbox is opened anew, with the journal
  // that has the name: what that one lacks is taken in again.
  expect(statuses).toEqual([503, 201, 201, 201]);
  expect(await site.records()).toEqual(["r1", "r2", "r4"]);
  await expectWhole(site);
});

test("a journal that is replaced under a running service by one that is older than its cursor: nothing is taken in", {
  timeout: LIMIT,
}, async () => {
  const site = await copiedMeanwhile("SIGTERM");
  const statuses = await site.during("SIGKILL", async (served) => {
    expect(await send(served, "r4")).toEqual(created(1));
    replaceUnder(site);
    return send(served, "r4", "r2", "r4", "r1");
  });
  expect(statuses).toEqual([503, 503, 503, 503]);
  expect(await site.records()).toEqual(["r1"]);
  await expectWhole(site);
});
