// Rounds in which a program is killed at random moments. SEAL_FAULT_ROUNDS sets how many; a few, where it is not set.

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isTemporary, type Running, type Sandbox } from "./sandbox.js";

const { SEAL_FAULT_ROUNDS } = process.env;

/** How many rounds there are to be. */
export function rounds(few: number): number {
  return Number(SEAL_FAULT_ROUNDS ?? few);
}

/** How long they may take. */
export function timeFor(count: number): number {
  return 60_000 + 20_000 * count;
}

/** What came of the rounds, counted by name; told where they were asked for. */
export class Outcomes {
  readonly #seen: Record<string, number> = {};

  add(name: string): void {
    this.#seen[name] = (this.#seen[name] ?? 0) + 1;
  }

  count(name: string): number {
    return this.#seen[name] ?? 0;
  }

  tell(what: string): void {
    if (SEAL_FAULT_ROUNDS) console.log(`${what}: ${JSON.stringify(this.#seen)}`);
  }
}

/**
 * Kills the program, which has just been started: of four rounds one at any time within `whole` milliseconds, and
 * somewhat after; one when it has made a file, whatever its name; one when that has `bytes`; one when it has just got
 * its name. Returns whether the kill was what ended it.
 */
export async function killed(
  box: Sandbox,
  { child, ended }: Running,
  round: number,
  whole: number,
  bytes: number,
): Promise<boolean> {
  const before = new Set(readdirSync(box.dir));
  const begun = () => readdirSync(box.dir).filter((name) => !before.has(name) || name.endsWith(".seal-partial"));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const become = async (look: () => boolean) => {
    while (!isOver() && !look()) await sleep(0);
  };
  const atMost = (time: number) => Promise.race([sleep(Math.random() * time), ended]);
  const kind = round % 4;
  if (kind === 0) await atMost(1.3 * whole);
  else {
    const least = kind === 1 ? Math.random() * bytes : kind === 2 ? bytes : 0;
    await become(() => begun().some((name) => sizeOf(join(box.dir, name)) >= least));
    const [name] = begun();
    if (kind === 3) await become(() => !begun().includes(name!));
    else await atMost(whole / 8);
  }
  child.kill("SIGKILL");
  return (await ended).status === 137;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

/** Removes the temporary files that a kill may leave; how many there were. */
export function removeTemporaries(dir: string): number {
  const left = readdirSync(dir).filter(isTemporary);
  for (const name of left) rmSync(join(dir, name));
  return left.length;
}
