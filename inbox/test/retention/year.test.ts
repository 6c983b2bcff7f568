// A year of retention, played fast: real services, whose clocks are put on by half a day at a time, and are restarted
// and killed; producers who send each day; readers who acknowledge daily, every other day and weekly, of whom one is
// away for two months, one goes and one comes. The long form plays four weeks, SEAL_TEST=whole the year.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { IS_WHOLE } from "../../../test/whole.js";
import { hasOwnServer, ownServer } from "../own-server.js";
import { expectOrder, sleep } from "../producers.js";
import { Stage } from "./stage.js";
import { DAY, HOUR, type NamedReader, Year } from "./year.js";

const LIMIT = IS_WHOLE ? 3_600_000 : 600_000;

/** In days. Every other restart leaves a day without services, in which something becomes due: it goes by command. */
const PLAN = IS_WHOLE
  ? { days: 365, least: 30, away: [100, 161], silent: 205, revoked: 230, late: 285, restart: 14, first: 1, requests: 4 }
  : { days: 28, least: 3, away: [12, 19], silent: 15, revoked: 18, late: 21, restart: 7, first: 3, requests: 2 };
const [LEFT, BACK] = PLAN.away as [number, number];
/** Rounds that note a place and come when it is due, and a day without services. */
const LATE = 60 * HOUR;
/** Of two cursors, one of which is the other's a week later. */
const WEEK = 7;

interface Readers {
  ann: NamedReader;
  bob: NamedReader;
  carol: NamedReader;
  dave: NamedReader;
  erin: NamedReader | null;
}

/** Who reads on the evening of that day. */
function readingOn(day: number, { ann, bob, carol, dave, erin }: Readers): NamedReader[] {
  const isAway = day >= LEFT && day < BACK;
  return [
    ann,
    ...(day % WEEK === WEEK - 1 ? [bob] : []),
    ...(day % 2 === 0 && !isAway ? [carol] : []),
    ...(day < PLAN.silent ? [dave] : []),
    ...(erin && day % 3 === 0 ? [erin] : []),
  ];
}

/** Services end and are started again: one time as they are told, after which the command has a turn; one time not. */
async function restart(year: Year, services: number, isKilled: boolean): Promise<void> {
  const { stage } = year;
  if (isKilled) {
    const sending = year.produce(4);
    await sleep(20);
    await stage.end("SIGKILL");
    await stage.start(services);
    return sending;
  }
  expect(await stage.end("SIGTERM")).toEqual(Array.from({ length: services }, () => 0));
  await stage.go(DAY);
  await year.shorten();
  await stage.start(services);
}

/** All days; the cursor that ann had in the first week. */
async function playDays(year: Year, readers: Readers, services: number): Promise<Uint8Array> {
  const { stage } = year;
  let early: Uint8Array | null = null;
  for (let day = 0; day < PLAN.days; day++) {
    if (day % PLAN.restart === PLAN.first) await restart(year, services, (day - PLAN.first) % (2 * PLAN.restart) === 0);
    await stage.go(12 * HOUR);
    await year.produce(PLAN.requests);
    await stage.go(12 * HOUR);
    if (day === PLAN.revoked) await year.revoke(readers.dave);
    if (day === PLAN.late) readers.erin = await year.join("erin");
    for (const reader of readingOn(day, readers)) {
      await (reader === readers.ann && day % 20 === 13 ? reader.readByCommand() : reader.read());
      await reader.acknowledge();
    }
    year.note();
    await year.check(LATE);
    if (day === 2) early = readers.ann.cursor;
  }
  return early!;
}

/** Each has had each record once, in the order of all. */
async function expectAllHad(year: Year, { ann, bob, carol, dave, erin }: Readers): Promise<void> {
  for (const reader of year.readers) await reader.read();
  expect(ann.tags.toSorted()).toEqual(year.sent.map(({ tag }) => tag).sort());
  expectOrder(ann.tags);
  for (const reader of [bob, carol]) expect(reader.tags).toEqual(ann.tags);
  expect(dave.tags.length).toBeGreaterThan(0);
  expect(dave.tags).toEqual(ann.tags.slice(0, dave.tags.length));
  expect(erin!.tags.length).toBeLessThan(ann.tags.length);
  expect(erin!.tags).toEqual(ann.tags.slice(-erin!.tags.length));
}

/** One chain from the base on, for who has nothing but the keys: and it is just what has not been removed. */
async function expectOneChain(year: Year, { ann }: Readers): Promise<string[]> {
  const { site } = year.stage;
  const { offset } = await year.base();
  const fresh = await year.join("fresh");
  await fresh.read();
  const kept = new Set(fresh.tags);
  expect(fresh.tags).toEqual(ann.tags.slice(-fresh.tags.length));
  for (const { tag, offset: at } of year.sent)
    if (at !== null) expect([tag, kept.has(tag)]).toEqual([tag, at >= offset]);
  const response = await fetch(year.url("journal"), { headers: { authorization: `Bearer ${fresh.token}` } });
  writeFileSync(join(site.path, "copy"), new Uint8Array(await response.arrayBuffer()));
  const verified = await site.seal("journal", "verify", "copy", "--from", "inbox.pub", "--label", "till");
  expect(verified).toMatchObject({ status: 0 });
  return fresh.tags;
}

/** Who comes with a cursor of what was removed is told so, and can go on with what is left. */
async function expectRefused(year: Year, { ann, dave }: Readers, early: Uint8Array, left: string[]): Promise<void> {
  const { site } = year.stage;
  const reading = year.open(ann.token, { cursor: early }).then(async (reader) => {
    for await (const _ of reader);
  });
  await expect(reading).rejects.toMatchObject({ code: "usage", reason: "removed" });
  writeFileSync(join(site.path, "early.cursor"), early);
  const options = ["--key", "ann.key", "--cursor", "early.cursor", "--header", "@ann.header", "-q"];
  const command = ["journal", "read", year.url("journal"), ...options];
  writeFileSync(join(site.path, "ann.header"), `Authorization: Bearer ${ann.token}\n`, { mode: 0o600 });
  const refused = await site.seal(...command);
  expect(refused).toMatchObject({ status: 2, stdout: "" });
  expect(refused.stderr).toMatch(/error: .*what stood from byte \d+ to byte \d+ was removed by the writer \(2\d{3}-/);
  expect(refused.stderr).toContain("hint: It was not picked up in time. To resume with what is left: --skip-removed.");
  const { status, stdout } = await site.seal(...command, "--skip-removed");
  const lines = stdout.split("\n").slice(0, -1);
  expect([status, lines.map((line) => line.split(" ")[0])]).toEqual([0, left]);
  const behind = await year.acknowledge(ann.token, early);
  expect([behind.status, await behind.json()]).toMatchObject([409, { type: "urn:seal-inbox:behind" }]);
  expect((await year.acknowledge(dave.token, ann.cursor!)).status).toBe(401);
}

async function play(stage: Stage, services: number): Promise<string> {
  await stage.start(services);
  const year = await Year.begin(stage, PLAN.least * DAY);
  const [bob, carol, dave] = [await year.join("bob"), await year.join("carol"), await year.join("dave")];
  const readers: Readers = { ann: year.readers[0]!, bob, carol, dave, erin: null };
  const early = await playDays(year, readers, services);
  await expectAllHad(year, readers);
  const left = await expectOneChain(year, readers);
  await expectRefused(year, readers, early, left);
  const { records, retried, byRule, byCommand, most, last, whole } = year.figures;
  // Of even days: what a reader who was away, the least age and the weekly reader keep, and the time between rounds.
  const share = (days: number) => (whole * 1.15 * days) / PLAN.days;
  const usual = PLAN.least + WEEK + 5;
  expect(last).toBeLessThan(share(usual));
  expect(most).toBeLessThan(share(usual + BACK - LEFT));
  expect(byRule).toBeGreaterThan(PLAN.days / 20);
  expect(byCommand).toBeGreaterThan(0);
  return `${PLAN.days} days, ${records} records, ${retried} requests sent again; shortened ${byRule} times by rule, ${byCommand} by command; ${most} bytes at most, ${last} at the end, ${whole} if all were kept`;
}

test("a year in a directory", { timeout: LIMIT }, async () => {
  process.stderr.write(`retention, in a directory: ${await play(await Stage.inDirectory(), 1)}\n`);
});

describe.skipIf(!hasOwnServer)("in a database", () => {
  const server = ownServer();

  test("a year of two services", { timeout: LIMIT }, async () => {
    const stage = await Stage.inDatabase(await server().database());
    process.stderr.write(`retention, in a database: ${await play(stage, 2)}\n`);
  });
});
