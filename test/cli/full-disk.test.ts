// A disk that becomes full at any point of what a command writes, and one that gets room again.

import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canMount, onDisk, resize } from "./disk.js";
import { Outcomes, rounds } from "./rounds.js";
import { type Sandbox, sh } from "./sandbox.js";

const CHUNK = 4 * 1024 * 1024;
const ROUNDS = rounds(3);

interface Filling {
  readonly prepare: string;
  readonly command: string;
  /** Bytes that it takes on the disk. */
  readonly needs: number;
  readonly outputs: readonly string[];
  /** Says nothing where the outputs are what they are to be. */
  readonly check: string;
}

const SIZE = 1_500_000;
const SEALED = `head -c ${SIZE} /dev/urandom > big; seal -q big --to server.pub --sign master.key`;
const opening = (command: string): Filling => ({
  prepare: SEALED,
  command: `${command} --key server.key -o disk/out`,
  needs: SIZE,
  outputs: ["out"],
  check: "cmp big disk/out",
});
const sealing = (command: string): Filling => ({
  prepare: `head -c ${SIZE} /dev/urandom > big`,
  command: `${command} --to server.pub --sign master.key -o disk/out`,
  needs: SIZE + 400,
  outputs: ["out"],
  check: "open disk/out --key server.key -q -o - | cmp big -",
});

const FILLING: Readonly<Record<string, Filling>> = {
  seal: sealing("seal big"),
  "seal from a pipe": sealing("cat big | seal -"),
  open: opening("open big.sealed"),
  "open from a pipe": opening("cat big.sealed | open -"),
  "open --resume": opening("open big.sealed --resume"),
  rewrap: {
    prepare: `head -c ${SIZE} /dev/urandom > big; seal -q big --to alice.pub --sign master.key -o disk/f`,
    command: "seal rewrap disk/f --key alice.key --sign master.key --to alice.pub --to bob.pub",
    needs: SIZE + 400,
    outputs: ["f"],
    check: "open disk/f --key alice.key --from master.pub -q -o - | cmp big -",
  },
  keygen: {
    prepare: ":",
    command: "seal keygen -o disk/new.key",
    needs: 8192,
    outputs: ["new.key", "new.pub"],
    check: "seal pub disk/new.key -q > keys; grep -v '^#' disk/new.pub | cmp keys -",
  },
  contacts: {
    prepare: ": > disk/contacts; seal contacts add -q alice alice.pub --contacts disk/contacts",
    command: "seal contacts add bob bob.pub --contacts disk/contacts",
    needs: 4096,
    outputs: ["contacts"],
    check: "seal contacts list --contacts disk/contacts -q > list; grep -q bob list && grep -q alice list || echo lost",
  },
};

describe.skipIf(!canMount)("a disk with too little room, or just enough", () => {
  test.concurrent.each(Object.entries(FILLING))(
    "%s",
    onDisk(4096, async (box, disk, name: string, { prepare, command, needs, outputs, check }: Filling) => {
      await sh(box, prepare);
      const before = outputs.map((output) => read(disk, output));
      const outcomes = new Outcomes();
      for (let round = 0; round < ROUNDS; round++) {
        leaveFree(disk, Math.floor((1.3 * needs * (round + Math.random())) / ROUNDS));
        const { status, stdout, stderr } = await sh(box, `${command} --json`);
        const kept = readdirSync(disk).filter((entry) => entry.endsWith(".seal-partial"));
        rmSync(join(disk, "fill"));
        expect([0, 3], stderr).toContain(status);
        const told = JSON.parse(stdout);
        if (status === 0) expect((await sh(box, check)).stdout).toBe("");
        else {
          expect(told).toMatchObject({
            ok: false,
            code: "io",
            exit: 3,
            message: expect.stringMatching(/no space left/),
          });
          const isOld = outputs.every(
            (output, i) => Buffer.compare(read(disk, output) ?? NONE, before[i] ?? NONE) === 0,
          );
          expect(isOld, "what was there").toBe(true);
        }
        outcomes.add(`exit ${status}${kept.length > 0 ? ", a partial file" : ""}`);
        for (const entry of kept) rmSync(join(disk, entry));
        for (const [i, output] of outputs.entries()) {
          if (before[i]) writeFileSync(join(disk, output), before[i]);
          else rmSync(join(disk, output), { force: true });
        }
        expect(readdirSync(disk)).toEqual(before[0] ? outputs : []);
      }
      outcomes.tell(name);
    }),
    60_000 + 5000 * ROUNDS,
  );
});

const NONE = Buffer.from("none");

function read(disk: string, name: string): Buffer | null {
  const path = join(disk, name);
  return existsSync(path) ? readFileSync(path) : null;
}

/** Fills the disk up to so many bytes. */
function leaveFree(disk: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, "fill"), Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
}

describe.skipIf(!canMount)("a disk that is full, with --resume", () => {
  const OPEN = "open big.sealed --key server.key --resume -o disk/out";
  const make = (box: Sandbox) =>
    sh(box, `head -c ${3 * CHUNK + 777} /dev/urandom > big; seal -q big --to server.pub --sign master.key`);

  test.concurrent(
    "keeps what is verified, says so, and goes on when there is room",
    onDisk(6 * 1024, async (box, disk) => {
      await make(box);
      const full = await sh(box, OPEN);
      expect(full).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/no space left.*\n.*kept in .*seal-partial/),
      });
      const [partial, ...more] = readdirSync(disk);
      expect([partial, more]).toEqual([expect.stringMatching(/seal-partial$/), []]);
      const bytes = readFileSync(join(disk, partial!));
      expect(bytes.length).toBeGreaterThanOrEqual(CHUNK);
      expect(bytes.equals(readFileSync(join(box.dir, "big")).subarray(0, bytes.length))).toBe(true);
      resize(disk, 20 * 1024);
      const { status, stderr } = await sh(box, OPEN);
      expect({ status, stderr }).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(`resuming at byte ${CHUNK} `),
      });
      expect(readdirSync(disk)).toEqual(["out"]);
      expect((await sh(box, "cmp big disk/out")).status).toBe(0);
    }),
  );

  test.concurrent(
    "again and again, with a little more room each time",
    onDisk(1024, async (box, disk) => {
      await make(box);
      let runs = 0;
      for (let kib = 1024; !existsSync(join(disk, "out")); kib += 2048, runs++) {
        resize(disk, kib);
        const { status } = await sh(box, OPEN);
        expect(status).toBe(existsSync(join(disk, "out")) ? 0 : 3);
      }
      expect(runs).toBeGreaterThan(3);
      expect((await sh(box, "cmp big disk/out")).status).toBe(0);
      expect(statSync(join(disk, "out")).mode & 0o777).toBe(0o666 & ~process.umask());
    }),
  );
});
