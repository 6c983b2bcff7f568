// SIGKILL at random moments while a journal is written: everything acknowledged is in it, in order, none torn, and the
// next writer goes on. SEAL_KILL_ROUNDS sets how often.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allRecords, readBack } from "../journal/read-back.js";
import { personAt } from "../support.js";
import { inSandbox, program, type Sandbox, sh } from "./sandbox.js";

const ROUNDS = Number(process.env.SEAL_KILL_ROUNDS ?? 8);
/** Records of a burst, and how long a writer lives at most after its first acknowledgement, in milliseconds. */
const BURST = 200;
const LIFE = 150;
const APPEND = [
  "journal",
  "append",
  "j",
  "--to",
  "alice.pub",
  "--sign",
  "master.key",
  "--json",
  "--epoch-records",
  "2000",
];

test(
  "a writer, killed",
  inSandbox(async (box) => {
    const acknowledged: string[] = [];
    const tally = { acknowledged: 0, more: 0, aside: 0 };
    for (let round = 0; round < ROUNDS; round++) acknowledged.push(...(await oneLife(box, round)));
    expect(await sh(box, "echo last | seal journal append j --to alice.pub --sign master.key -q")).toMatchObject({
      status: 0,
    });
    acknowledged.push("last");

    const records = await recordsIn(box);
    let at = 0;
    for (const record of acknowledged) {
      const found = records.indexOf(record, at);
      // What was sent and not acknowledged may be there, in its place among its round's records.
      for (; at < found; at++) expect(isRecord(records[at]!), records[at]).toBe(true);
      expect(records[at++], "an acknowledged record").toBe(record);
    }
    expect(new Set(records).size).toBe(records.length);
    tally.acknowledged = acknowledged.length;
    tally.more = records.length - acknowledged.length;
    tally.aside = readdirSync(box.dir).filter((name) => name.startsWith("j.tail-")).length;
    if (process.env.SEAL_KILL_ROUNDS) console.log(`${ROUNDS} rounds:`, JSON.stringify(tally));
    // Killed between its writing and its renaming, one may stay.
    await sh(box, "rm -f .seal-*.tmp");
  }),
  60_000 + 5000 * ROUNDS,
);

const recordOf = (round: number, index: number) => `${round}:${index}:${"x".repeat((index * 37) % 400)}`;

function isRecord(text: string): boolean {
  const [round, index] = text.split(":").map(Number);
  return text === recordOf(round!, index!);
}

/** A producer that sends bursts for as long as the writer lives; the records that were acknowledged to it. */
async function oneLife(box: Sandbox, round: number): Promise<string[]> {
  const { child, ended } = program(box, "seal", APPEND);
  let sent = 0;
  const send = () => {
    const lines = Array.from({ length: 1 + Math.floor(Math.random() * BURST) }, () => `${recordOf(round, sent++)}\n`);
    child.stdin!.write(lines.join(""), (error) => !error && setImmediate(send));
  };
  send();
  child.stdout!.once("data", () => setTimeout(() => child.kill("SIGKILL"), Math.random() * LIFE));
  const { status, stdout, stderr } = await ended;
  expect({ status, stderr }).toEqual({
    status: 137,
    stderr: expect.stringMatching(/^(seal: an incomplete end.*\n)?$/),
  });
  // A line that was cut off acknowledges nothing.
  const count = stdout
    .split("\n")
    .slice(0, -1)
    .reduce((sum, line) => sum + JSON.parse(line).records, 0);
  return Array.from({ length: count }, (_, index) => recordOf(round, index));
}

async function recordsIn(box: Sandbox): Promise<string[]> {
  const [alice, master] = [await personAt(join(box.dir, "alice.key")), await personAt(join(box.dir, "master.key"))];
  return allRecords(readBack(readFileSync(join(box.dir, "j")), alice, master.signingKey.publicKey));
}
