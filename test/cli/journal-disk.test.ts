// A disk that becomes full under `seal journal append`: nothing that was acknowledged is lost, what was not is
// rejected, and is taken when there is room again.

import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canMount, onDisk } from "./disk.js";
import { program, type Sandbox, sh } from "./sandbox.js";

const APPEND = ["journal", "append", "disk/j", "--to", "alice.pub", "--sign", "master.key", "--json"];
const recordOf = (i: number, length: number) => `${i} `.padEnd(length, "x");

async function recordsOf(box: Sandbox): Promise<string[]> {
  const read = await sh(box, "seal journal read disk/j --key alice.key --from master.pub");
  expect(read.status, read.stderr).toBe(0);
  return read.stdout.trim().split("\n");
}

/** Sends records one by one, each when the one before is acknowledged; how many were, and how it ended. */
async function fill(box: Sandbox, length: number) {
  const { child, ended } = program(box, "seal", APPEND);
  let stdout = "";
  let sent = 0;
  const next = () => void child.stdin!.write(`${recordOf(sent++, length)}\n`);
  child.stdout!.on("data", (bytes) => {
    stdout += bytes;
    if (/"ok":true[^\n]*\n$/.test(stdout)) next();
  });
  next();
  const { status } = await ended;
  const said = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { status, acknowledged: said.filter(({ ok }) => ok).length, failure: said.at(-1) };
}

describe.skipIf(!canMount)("a journal on a disk that becomes full", () => {
  test.each([1, 3000, 20_000, 70_000])(
    "by records of %i bytes",
    onDisk(1024, async (box, disk, length: number) => {
      expect((await sh(box, "echo first | seal journal append disk/j --to alice.pub --sign master.key")).status).toBe(
        0,
      );
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, "fill"), Buffer.alloc(bavail * bsize - Math.min(200_000, 40 * length + 20_000)));
      const { status, acknowledged, failure } = await fill(box, length);
      expect([status, failure]).toEqual([3, expect.objectContaining({ ok: false, code: "io", exit: 3 })]);
      expect(failure.message).toMatch(/no space left/);
      expect(acknowledged).toBeGreaterThan(0);
      const there = ["first", ...Array.from({ length: acknowledged }, (_, i) => recordOf(i, length).trim())];
      expect((await recordsOf(box)).map((record) => record.trim())).toEqual(there);
      rmSync(join(disk, "fill"));
      const again = await sh(box, "echo again | seal journal append disk/j --to alice.pub --sign master.key");
      expect(again).toMatchObject({ status: 0, stderr: "" });
      expect((await recordsOf(box)).map((record) => record.trim())).toEqual([...there, "again"]);
      expect(readdirSync(disk).sort()).toEqual(["j", "j.writer-cursor", "j.writer-term"]);
    }),
    60_000,
  );
});
