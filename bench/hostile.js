// What a hostile file costs, for docs/THREATS.md: `node bench/hostile.js [PART-OF-A-NAME…]`, after a build.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CASES, COMMON, write } from "./hostile/cases.js";
import { baseline, costOf } from "./hostile/measure.js";

const words = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "seal-hostile-"));
const say = (text) => process.stdout.write(`${text}\n`);
const mebibytes = (bytes) => Math.max(0, Math.round(bytes / 2 ** 20));

write(folder, COMMON());
const least = await baseline(folder);
say(
  `a small good file: ${mebibytes(least.bytes)} MiB, ${least.seconds.toFixed(2)} s of processor time; beyond that:\n`,
);
for (const one of CASES) {
  const { name, make, status, when, bytes } = one;
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  write(folder, make());
  const found = await costOf(one, folder);
  if (found.status !== status) {
    say(`${name}: exit status ${found.status}, not ${status}: ${found.stderr}`);
    process.exitCode = 1;
  }
  if (found.bytes - least.bytes > bytes) {
    say(`${name}: more memory than the ${mebibytes(bytes)} MiB that are its bound`);
    process.exitCode = 1;
  }
  const memory = `${mebibytes(found.bytes - least.bytes)} MiB`;
  const time = `${Math.max(0, found.seconds - least.seconds).toFixed(2)} s`;
  say(`${name.padEnd(80)} ${when.padEnd(26)} ${memory.padStart(8)} ${time.padStart(8)}`);
}
rmSync(folder, { recursive: true });
