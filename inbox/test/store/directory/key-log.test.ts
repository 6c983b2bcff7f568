import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AgeClock, type SteadyClock } from "../../../src/idempotency/age.js";
import { encodeHead, encodeUnit, type FramePlace } from "../../../src/idempotency/unit.js";
import { KeyLog } from "../../../src/store/directory/key-log.js";
import { folder } from "../../folder.js";

const SLICE = 1000;
const entry = (i: number) => ({ id: Buffer.alloc(16, i), print: Buffer.alloc(16, i) });
const frame = (i: number): FramePlace => ({
  journal: Buffer.alloc(32, 9),
  position: i * 1000,
  end: i * 1000 + 500,
  chain: Buffer.alloc(32, i),
});

/** A clock that a test sets. */
class Hand implements SteadyClock {
  readonly boot: Uint8Array;
  time = 0;
  constructor(boot: Uint8Array = Buffer.alloc(16, 1)) {
    this.boot = boot;
  }
  now(): number {
    return this.time;
  }
}

async function place() {
  const path = await folder();
  return { keys: path, newestKey: `${path}.newest` };
}

/** Left as it is by a process that is killed, which here is the end of the test. */
function logIn(where: Awaited<ReturnType<typeof place>>, hand = new Hand()) {
  const clock = new AgeClock(hand);
  const log = new KeyLog(where, SLICE, clock);
  onTestFinished(async () => {
    await log.close(false);
    await rm(where.newestKey, { force: true });
  });
  return { log, hand, clock };
}

/** The entries that a new process finds, and the frames it asked the journal for. */
async function reload(where: Awaited<ReturnType<typeof place>>, stands: (frame: number) => boolean) {
  const asked: number[] = [];
  const unsure: number[] = [];
  const found: number[] = [];
  const ask = async ({ position }: FramePlace, wasWritten: boolean) => {
    if (!wasWritten) unsure.push(position / 1000);
    asked.push(position / 1000);
    return stands(position / 1000);
  };
  await new KeyLog(where, SLICE, new AgeClock(new Hand())).load(ask, (_age, { id }) => found.push(id[0]!));
  return { asked, unsure, found };
}

test("one frame is asked for where all stand; of what is not settled, each", async () => {
  const where = await place();
  const { log } = logIn(where);
  for (const i of [1, 2, 3]) log.settle(await log.announce(frame(i), [entry(i)]), true);
  log.settle(await log.announce(frame(4), [entry(4), entry(5)]), false);
  await log.announce(frame(6), [entry(6)]);
  // The process is killed here: of the last frame nothing is known.
  expect(await reload(where, () => true)).toEqual({ asked: [3, 6], unsure: [6], found: [1, 2, 3, 6] });
  expect(await reload(where, (i) => i < 6)).toMatchObject({ asked: [3, 6], found: [1, 2, 3] });
});

test("what was settled counts only as far as the journal has it still", async () => {
  const where = await place();
  const { log } = logIn(where);
  const count = 100;
  for (let i = 1; i <= count; i++) log.settle(await log.announce(frame(i), [entry(i)]), true);
  await log.close(true);
  for (const kept of [0, 1, 2, 50, 63, 64, 99, 100]) {
    const { asked, found } = await reload(where, (i) => i <= kept);
    expect(found).toEqual(Array.from({ length: kept }, (_, i) => i + 1));
    expect(asked.length).toBeLessThan(10);
  }
});

test("each file is asked for by itself: what one process wrote can stand while what came before does not", async () => {
  const where = await place();
  for (const process of [0, 1, 2]) {
    const { log } = logIn(where);
    await log.load(
      async () => true,
      () => undefined,
    );
    for (const i of [1, 2]) log.settle(await log.announce(frame(10 * process + i), [entry(10 * process + i)]), true);
  }
  const { found } = await reload(where, (i) => i < 10 || i > 20);
  expect(found.sort()).toEqual([1, 2, 21, 22].sort());
});

test("a frame that failed, and of which nothing more could be written, is asked for", async () => {
  const where = await place();
  const { log } = logIn(where);
  log.settle(await log.announce(frame(1), [entry(1)]), false);
  expect(await reload(where, () => false)).toMatchObject({ found: [] });
  await log.close(true);
  expect(await reload(where, () => true)).toMatchObject({ asked: [], found: [] });
});

test("where the writer did not end well, the journal is asked of what failed", async () => {
  const where = await place();
  const { log } = logIn(where);
  log.settle(await log.announce(frame(1), [entry(1)]), false);
  await log.close(false);
  expect(await reload(where, () => true)).toMatchObject({ asked: [1], found: [1] });
});

test("frames that are settled out of order", async () => {
  const where = await place();
  const { log } = logIn(where);
  const first = await log.announce(frame(1), [entry(1)]);
  const second = await log.announce(frame(2), [entry(2)]);
  log.settle(second, true);
  await log.announce(frame(3), [entry(3)]);
  expect((await reload(where, (i) => i < 3)).found).toEqual([1, 2]);
  log.settle(first, true);
  await log.announce(frame(4), [entry(4)]);
  expect(await reload(where, (i) => i < 3)).toMatchObject({ asked: [2, 3, 4], found: [1, 2] });
});

test("each process and each slice of time has its own file, which goes when its time is over", async () => {
  const where = await place();
  const { log, hand } = logIn(where);
  for (const [i, time] of [0, 999, 1000, 2500].entries()) {
    hand.time = time;
    log.settle(await log.announce(frame(i + 1), [entry(i + 1)]), true);
  }
  expect(await readdir(where.keys)).toEqual(["0000000001.keys", "0000000002.keys", "0000000003.keys"]);
  await log.forget(1000);
  expect((await readdir(where.keys)).length).toBe(2);
  await log.close(true);
  const next = logIn(where);
  await next.log.load(
    async () => true,
    () => undefined,
  );
  await next.log.announce(frame(9), [entry(9)]);
  expect((await readdir(where.keys)).length).toBe(3);
  await next.log.forget(next.clock.now() + 1);
  expect(await readdir(where.keys)).toEqual(["0000000004.keys"]);
});

test("a clock that goes back, or another boot, makes no key older; the time since counts in the same boot", async () => {
  const where = await place();
  const { log, hand } = logIn(where);
  hand.time = 5000;
  await log.announce(frame(1), [entry(1)]);
  hand.time = 9000;
  await log.announce(frame(2), [entry(2)]);
  const resumed = async (next: Hand) => {
    const { log, clock } = logIn(where, next);
    const ages: number[] = [];
    await log.load(
      async () => true,
      (age) => ages.push(clock.now() - age),
    );
    return ages.sort((a, b) => a - b);
  };
  const at = (time: number, boot?: Uint8Array) => Object.assign(new Hand(boot), { time });
  expect(await resumed(at(10_000))).toEqual([1000, 5000]);
  expect(await resumed(at(100))).toEqual([0, 4000]);
  expect(await resumed(at(99_999_999, Buffer.alloc(16, 2)))).toEqual([0, 4000]);
});

test("keys that are older than the journal are not taken for all there are", async () => {
  const where = await place();
  const { log } = logIn(where);
  for (const i of [1, 2]) log.settle(await log.announce(frame(i), [entry(i)]), true);
  const [name] = await readdir(where.keys);
  const file = join(where.keys, name!);
  const whole = await readFile(file);
  const stamp = { boot: Buffer.alloc(16, 1), steady: 0, age: 0 };
  const one = encodeUnit({ settled: 0, voids: [], age: 0, frame: frame(1), entries: [entry(1)] });
  await writeFile(file, whole.subarray(0, encodeHead(stamp).length + one.length));
  await expect(reload(where, () => true)).rejects.toMatchObject({ code: "tampered" });
  // Where the journal is as old, nothing is missing.
  expect((await reload(where, (i) => i < 2)).found).toEqual([1]);
  await rename(file, `${file}.away`);
  await expect(reload(where, () => true)).rejects.toMatchObject({ code: "tampered" });
  await rename(`${file}.away`, file);
  await writeFile(file, whole);
  expect((await reload(where, () => true)).found).toEqual([1, 2]);
  // What a loss of power has left of the mark says nothing.
  await writeFile(where.newestKey, new Uint8Array(56));
  expect((await reload(where, () => true)).found).toEqual([1, 2]);
});

test("the file of the newest keys outlives them, so that they are not missed", async () => {
  const where = await place();
  const { log, hand } = logIn(where);
  log.settle(await log.announce(frame(1), [entry(1)]), true);
  await log.close(true);
  hand.time = 10 * SLICE;
  await log.forget(hand.time);
  expect((await reload(where, () => true)).found).toEqual([1]);
});

test("an end that is not whole is passed over; a damaged file is refused", async () => {
  const where = await place();
  const { log } = logIn(where);
  log.settle(await log.announce(frame(1), [entry(1)]), true);
  await log.announce(frame(2), [entry(2)]);
  const file = join(where.keys, (await readdir(where.keys))[0]!);
  const bytes = await readFile(file);
  const isFirst = (i: number) => i === 1;
  await writeFile(file, bytes.subarray(0, -3));
  expect(await reload(where, isFirst)).toMatchObject({ asked: [1, 2], found: [1] });
  for (const at of [3, 70]) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await writeFile(file, changed);
    await expect(reload(where, isFirst)).rejects.toMatchObject({ code: "tampered" });
  }
  for (const begun of [0, 10, 40, 60]) {
    await writeFile(file, Buffer.concat([bytes.subarray(0, begun), Buffer.alloc(begun % 40)]));
    expect((await reload(where, () => false)).found).toEqual([]);
  }
});
