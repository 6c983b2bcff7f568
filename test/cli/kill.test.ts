// SIGKILL at random moments: a name always holds a whole file, the old one or the new one. For those that are gone on
// with see kill-resume.test.ts, for contacts contacts.test.ts.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killed, Outcomes, removeTemporaries, rounds, timeFor } from "./rounds.js";
import { inSandbox, program, type Running, type Sandbox, sh } from "./sandbox.js";

const ROUNDS = rounds(4);
/** Enough for threads to be used. */
const SIZE = 17_000_000;
const MAKE = `head -c ${SIZE} /dev/urandom > big`;

interface Killed {
  readonly prepare: string;
  /** The program of the round. */
  start(box: Sandbox, round: number): Running;
  /** What is written or replaced. */
  readonly outputs: readonly string[];
  /** Fails where what is there is not whole. */
  check(box: Sandbox): Promise<void>;
}

const seal = ["--to", "alice.pub", "--sign", "master.key", "-q"];

const KILLED: Readonly<Record<string, Killed>> = {
  seal: {
    prepare: MAKE,
    start: (box) => program(box, "seal", ["big", ...seal]),
    outputs: ["big.sealed"],
    check: (box) => verifies(box, SIZE),
  },
  "seal --force": {
    prepare: `${MAKE}; seal big ${seal.join(" ")}`,
    start: (box) => program(box, "seal", ["big", ...seal, "--force"]),
    outputs: ["big.sealed"],
    check: (box) => verifies(box, SIZE),
  },
  open: {
    prepare: `${MAKE}; seal big ${seal.join(" ")}`,
    start: (box) =>
      program(box, "open", ["big.sealed", "--key", "alice.key", "--from", "master.pub", "-q", "-o", "out"]),
    outputs: ["out"],
    check: async (box) => expect(read(box, "out")!.equals(read(box, "big")!)).toBe(true),
  },
  rewrap: {
    prepare: `${MAKE}; seal big ${seal.join(" ")}; rm big`,
    // A different list each time, so that the new file is seen to be another.
    start: (box, round) =>
      program(box, "seal", [
        "rewrap",
        "big.sealed",
        "--key",
        "alice.key",
        ...seal,
        "--to",
        round % 2 ? "bob.pub" : "server.pub",
      ]),
    outputs: ["big.sealed"],
    check: (box) => verifies(box, SIZE),
  },
  keygen: {
    prepare: ":",
    start: (box) => program(box, "seal", ["keygen", "-o", "new.key", "-q"]),
    outputs: ["new.key", "new.pub"],
    check: async (box) => {
      const { status, stdout } = await sh(box, "seal pub new.key");
      expect(status).toBe(0);
      const publics = read(box, "new.pub")?.toString();
      if (publics !== undefined)
        expect(publics.split("\n").filter((line) => line.startsWith("seal"))).toEqual(stdout.trim().split("\n"));
    },
  },
};

test.each(Object.entries(KILLED))(
  "%s, killed",
  inSandbox(async (box, name: string, { prepare, start, outputs, check }: Killed) => {
    await sh(box, prepare);
    const old = outputs.map((output) => read(box, output));
    const started = performance.now();
    expect(await start(box, 0).ended).toMatchObject({ status: 0, stderr: "" });
    const whole = performance.now() - started;
    const outcomes = new Outcomes();
    restore(box, outputs, old);
    for (let round = 0, before = old; round < ROUNDS; round++) {
      const isKilled = await killed(box, start(box, round), round, whole, read(box, outputs[0]!)?.length ?? SIZE);
      const after = outputs.map((output) => read(box, output));
      const changed = after.filter((bytes, i) => !(bytes && before[i] ? bytes.equals(before[i]) : bytes === before[i]));
      if (changed.length > 0) await check(box);
      const state = changed.length === 0 ? "old" : changed.length === outputs.length ? "new" : "a first part of new";
      const left = removeTemporaries(box.dir);
      outcomes.add(`${state}${isKilled ? "" : ", not killed any more"}${left > 0 ? ", a temporary file" : ""}`);
      if (old[0]) before = after;
      else if (changed.length > 0) restore(box, outputs, before);
    }
    outcomes.tell(name);
  }),
  timeFor(ROUNDS),
);

function read(box: Sandbox, name: string): Buffer | null {
  const path = join(box.dir, name);
  return existsSync(path) ? readFileSync(path) : null;
}

function restore(box: Sandbox, outputs: readonly string[], before: readonly (Buffer | null)[]): void {
  for (const [i, output] of outputs.entries()) {
    const bytes = before[i];
    if (bytes) writeFileSync(join(box.dir, output), bytes);
    else rmSync(join(box.dir, output), { force: true });
  }
}

/** The file under the name is whole and the sender's, and sealed to alice. */
async function verifies(box: Sandbox, bytes: number): Promise<void> {
  const command = "open big.sealed --key alice.key --from master.pub -o /dev/null --json";
  const { status, stdout } = await sh(box, command);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, bytes });
  expect(status).toBe(0);
}
