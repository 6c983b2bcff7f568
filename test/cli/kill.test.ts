// SIGKILL at random moments: a name always holds a whole file, the old one or the new one. SEAL_KILL_ROUNDS sets how often.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Ended, inSandbox, isTemporary, program, type Sandbox, sh } from "./sandbox.js";

const ROUNDS = Number(process.env.SEAL_KILL_ROUNDS ?? 12);
const TARGET = "big.sealed";

it(
  "rewrapping in place, killed",
  inSandbox(async (box) => {
    await sh(box, "head -c 80000000 /dev/urandom > big; seal -q big --to alice.pub --sign master.key; rm big");
    const digest = await digestOf(box);
    const whole = await timed(() => rewrap(box, 1).ended);
    const seen = { old: 0, new: 0, left: 0 };
    for (let round = 0, recipients = 1; round < ROUNDS; round++) {
      const before = readFileSync(join(box.dir, TARGET));
      const wanted = 3 - recipients;
      const { child, ended } = rewrap(box, wanted);
      // Some after the end, so that both outcomes are seen.
      const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * 1.5 * whole);
      await ended;
      clearTimeout(timer);
      if (readFileSync(join(box.dir, TARGET)).equals(before)) seen.old += 1;
      else {
        seen.new += 1;
        recipients = wanted;
      }
      expect(await digestOf(box), `round ${round}`).toBe(digest);
      expect(await recipientsOf(box), `round ${round}`).toBe(recipients);
      seen.left += removeTemporaries(box);
    }
    if (process.env.SEAL_KILL_ROUNDS)
      console.log(`${ROUNDS} rounds of at most ${Math.round(1.5 * whole)} ms:`, JSON.stringify(seen));
    expect(seen.old + seen.new).toBe(ROUNDS);
  }),
  60_000 + 20_000 * ROUNDS,
);

function rewrap(box: Sandbox, recipients: number) {
  const to = ["alice.pub", "bob.pub"].slice(0, recipients).flatMap((key) => ["--to", key]);
  return program(box, "seal", ["rewrap", TARGET, "--key", "alice.key", "--sign", "master.key", "-q", ...to]);
}

async function timed(work: () => Promise<Ended>): Promise<number> {
  const started = performance.now();
  expect(await work()).toEqual({ status: 0, stdout: "", stderr: "" });
  return performance.now() - started;
}

/** Of the file under the name, which must be whole and the sender's. */
async function digestOf(box: Sandbox): Promise<string> {
  const { status, stdout, stderr } = await sh(box, `seal verify ${TARGET} --from master.pub --json`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout).digest;
}

async function recipientsOf(box: Sandbox): Promise<number> {
  return JSON.parse((await sh(box, `seal inspect ${TARGET} --json`)).stdout).stanzas.length;
}

/** After SIGKILL one may stay; never under another name. */
function removeTemporaries(box: Sandbox): number {
  const left = readdirSync(box.dir).filter(isTemporary);
  for (const name of left) rmSync(join(box.dir, name));
  return left.length;
}
