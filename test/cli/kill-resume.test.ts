// SIGKILL at random moments of `open --resume`, again and again until it is through: the right bytes, and what was
// verified is not fetched again.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serving, site } from "../io/server.js";
import { killed, Outcomes, removeTemporaries, rounds, timeFor } from "./rounds.js";
import { inSandbox, program, type Sandbox, sh } from "./sandbox.js";

const CHUNK = 4 * 1024 * 1024;
const RECORD = CHUNK + 112;
const SIZE = 5 * CHUNK + 777;
const ROUNDS = rounds(4);

const read = (box: Sandbox, name: string) => readFileSync(join(box.dir, name));
const partials = (box: Sandbox) => readdirSync(box.dir).filter((name) => name.endsWith(".seal-partial"));

/**
 * A killed run after the other, ROUNDS in all, of a file that is begun anew whenever it is through. Returns how many
 * were killed.
 */
async function killedRuns(box: Sandbox, input: string, what: string): Promise<number> {
  const outcomes = new Outcomes();
  const start = () => program(box, "open", [input, "--key", "server.key", "--resume", "-q", "-o", "out"]);
  const big = read(box, "big");
  const started = performance.now();
  expect(await start().ended).toMatchObject({ status: 0, stderr: "" });
  const whole = performance.now() - started;
  let kills = 0;
  for (let round = 0; round < ROUNDS || partials(box).length > 0; round++) {
    if (round > 4 * ROUNDS + 50) throw new Error("it never gets through");
    rmSync(join(box.dir, "out"), { force: true });
    // After so many, what is left is let through.
    const isKilled = round < ROUNDS ? await killed(box, start(), round, whole, SIZE) : !(await start().ended);
    if (isKilled) kills += 1;
    outcomes.add(stateOf(box, big) + (isKilled ? "" : ", not killed any more"));
  }
  expect(partials(box)).toEqual([]);
  outcomes.tell(what);
  return kills;
}

/** Fails unless what is there is right: all of it under its name, or the first bytes of it in a partial file. */
function stateOf(box: Sandbox, big: Buffer): string {
  const left = partials(box);
  expect(left.length).toBeLessThanOrEqual(1);
  for (const name of left) {
    const bytes = read(box, name);
    expect(bytes.equals(big.subarray(0, bytes.length)), "a partial file is a beginning").toBe(true);
  }
  const isDone = existsSync(join(box.dir, "out"));
  if (isDone) expect(read(box, "out").equals(big), "the same bytes").toBe(true);
  // A kill may come when it has its last temporary name.
  const hasTemporary = removeTemporaries(box.dir) > 0;
  const state = isDone ? "new" : left.length > 0 ? "partial" : "nothing";
  return hasTemporary ? `${state}, a temporary file` : state;
}

const prepared = async (box: Sandbox) =>
  sh(box, `head -c ${SIZE} /dev/urandom > big; seal -q big --to server.pub --sign master.key`);

test(
  "of a file",
  inSandbox(async (box) => {
    await prepared(box);
    await killedRuns(box, "big.sealed", "open --resume, a file");
  }),
  timeFor(ROUNDS),
);

test(
  "of a download",
  inSandbox(async (box) => {
    await prepared(box);
    const sealed = read(box, "big.sealed");
    const server = await site(serving(sealed, { pause: 1, piece: 128 * 1024 }));
    try {
      const kills = await killedRuns(box, `${server.url}/big.sealed`, "open --resume, a download");
      expect(kills).toBeGreaterThan(0);
      if (process.env.SEAL_FAULT_ROUNDS) console.log(`${server.served} bytes served, the file has ${sealed.length}`);
    } finally {
      await server.close();
    }
  }),
  timeFor(ROUNDS),
);

test(
  "of one download, until it is through: each kill costs no more than what had not come in full",
  inSandbox(async (box) => {
    await prepared(box);
    const sealed = read(box, "big.sealed");
    const server = await site(serving(sealed, { pause: 1 }));
    const input = `${server.url}/big.sealed`;
    let kills = 0;
    for (; !existsSync(join(box.dir, "out")); kills++) {
      if (kills > 60) throw new Error("no progress");
      const running = program(box, "open", [input, "--key", "server.key", "--resume", "-q", "-o", "out"]);
      // A busy machine needs longer to get anywhere.
      await killed(box, running, 0, 1500 + 150 * kills, SIZE);
      removeTemporaries(box.dir);
    }
    await server.close();
    expect([read(box, "out").equals(read(box, "big")), partials(box)]).toEqual([true, []]);
    expect(kills).toBeGreaterThan(1);
    // The chunk that had not come in full, what was under way, and the beginning with the header.
    expect(server.served).toBeLessThan(sealed.length + kills * (RECORD + 2 * 1024 * 1024));
  }),
  120_000,
);
