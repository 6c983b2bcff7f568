import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KeyLog } from "../../src/keys/log.js";
import type { FramePlace } from "../../src/keys/unit.js";
import { folder } from "../folder.js";

const SLICE = 1000;
const entry = (i: number) => ({ id: Buffer.alloc(16, i), print: Buffer.alloc(16, i), records: i });
const frame = (i: number): FramePlace => ({ position: i * 1000, end: i * 1000 + 500, chain: Buffer.alloc(32, i) });

/** Left as it is by a process that is killed, which here is the end of the test. */
function logIn(path: string): KeyLog {
  const log = new KeyLog(path, SLICE);
  onTestFinished(() => log.close(false));
  return log;
}

/** The records of the entries that a new process finds, and the positions of frames it asked the journal for. */
async function reload(path: string, stands: (position: number) => boolean) {
  const asked: number[] = [];
  const found: number[] = [];
  const ask = async ({ position }: FramePlace) => {
    asked.push(position / 1000);
    return stands(position / 1000);
  };
  await new KeyLog(path, SLICE).load(ask, (_time, { records }) => found.push(records));
  return { asked, found };
}

test("of what was settled the journal is not asked, of the rest it is", async () => {
  const path = await folder();
  const log = logIn(path);
  log.settle(await log.announce(frame(1), [entry(1)], 5000), true);
  log.settle(await log.announce(frame(2), [entry(2), entry(3)], 5001), false);
  await log.announce(frame(3), [entry(4)], 5002);
  // The process is killed here: of the third frame nothing is known.
  expect(await reload(path, () => true)).toEqual({ asked: [3], found: [1, 4] });
  expect(await reload(path, () => false)).toEqual({ asked: [3], found: [1] });
});

test("a frame that failed, and of which nothing more could be written, is asked for", async () => {
  const path = await folder();
  const log = logIn(path);
  log.settle(await log.announce(frame(1), [entry(1)], 5000), false);
  expect(await reload(path, () => false)).toEqual({ asked: [1], found: [] });
  await log.close(true);
  expect(await reload(path, () => true)).toEqual({ asked: [], found: [] });
});

test("where the writer did not end well, the journal is asked of what failed", async () => {
  const path = await folder();
  const log = logIn(path);
  log.settle(await log.announce(frame(1), [entry(1)], 5000), false);
  await log.close(false);
  expect(await reload(path, () => true)).toEqual({ asked: [1], found: [1] });
});

test("frames that are settled out of order", async () => {
  const path = await folder();
  const log = logIn(path);
  const first = await log.announce(frame(1), [entry(1)], 5000);
  const second = await log.announce(frame(2), [entry(2)], 5000);
  log.settle(second, true);
  await log.announce(frame(3), [entry(3)], 5000);
  expect((await reload(path, () => false)).asked).toEqual([1, 2, 3]);
  log.settle(first, true);
  await log.announce(frame(4), [entry(4)], 5000);
  expect(await reload(path, () => false)).toEqual({ asked: [3, 4], found: [1, 2] });
});

test("each process and each slice of time has its own file, which goes when its time is over", async () => {
  const path = await folder();
  const log = logIn(path);
  for (const [i, time] of [5000, 5999, 6000, 7500].entries()) {
    log.settle(await log.announce(frame(i + 1), [entry(i + 1)], time), true);
  }
  expect((await readdir(path)).length).toBe(3);
  await log.forget(6000);
  expect((await readdir(path)).length).toBe(2);
  await log.close(true);
  const next = logIn(path);
  await next.load(
    async () => true,
    () => undefined,
  );
  await next.announce(frame(9), [entry(9)], 7600);
  expect((await readdir(path)).length).toBe(3);
  await next.forget(8000);
  expect((await readdir(path)).length).toBe(1);
});

test("an end that is not whole is passed over; a damaged file is refused", async () => {
  const path = await folder();
  const log = logIn(path);
  log.settle(await log.announce(frame(1), [entry(1)], 5000), true);
  await log.announce(frame(2), [entry(2)], 5000);
  const file = join(path, (await readdir(path))[0]!);
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, -3));
  expect(await reload(path, () => true)).toEqual({ asked: [1], found: [1] });
  bytes[30]! ^= 1;
  await writeFile(file, bytes);
  await expect(reload(path, () => true)).rejects.toMatchObject({ code: "tampered" });
});
