// Whether the fuzzer finds what it is for: plants one fault at a time in what it bundles, and tells how long it takes
// to be found. The fuzzer does without the test vectors and what earlier runs have kept, which would show most of them
// at once. `node fuzz/planted.js [SECONDS] [NAME…]`: at most that long for each fault; exits 1 where one is missed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, root } from "./bundle.js";
import { FAULTS } from "./faults.js";

const [seconds = "120", ...names] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "seal-planted-"));
// Beside other runs of this program.
const main = `${root}dist/fuzz/planted-${process.pid}.js`;
process.once("exit", () => {
  for (const path of [folder, main]) rmSync(path, { recursive: true, force: true });
});
let missed = 0;
for (const fault of FAULTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  await bundle(main, [fault]);
  const args = [
    "--target",
    fault.target,
    "--seconds",
    seconds,
    "--seed",
    "1",
    "--first",
    "--bare",
    "--findings",
    folder,
  ];
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", main, ...args], {
    cwd: root,
    encoding: "utf8",
  });
  const told = /^hangs: /m.test(stderr) ? "it hangs, which the thread that watches tells" : verdict(stdout);
  // Else what was not run would count as missed, or a fault that only breaks the fuzzer as found.
  if (told.startsWith("missed") && status !== 0) throw new Error(`the fuzzer ended by itself: ${stderr}`);
  if (told.startsWith("missed")) missed += 1;
  process.stdout.write(`${fault.name.padEnd(64)} ${told}\n`);
}
process.exitCode = missed > 0 ? 1 : 0;

function verdict(stdout) {
  const [, after, message] = /^FINDING .* after ([\d.]+) s: (.*)/m.exec(stdout) ?? [];
  const [, executions] = /: (\d+) executions/.exec(stdout) ?? [];
  return after ? `${after.padStart(6)} s, ${executions} executions: ${message}` : `missed in ${executions} executions`;
}
