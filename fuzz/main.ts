// `npm run fuzz`: each target for its share of the time, and what came out.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Bytes } from "../src/bytes.js";
import { watchArrays } from "./runner/bounds.js";
import { Coverage } from "./runner/coverage.js";
import { type Finding, loop, nameOf, type Outcome } from "./runner/loop.js";
import { Watchdog } from "./runner/watchdog.js";
import type { Target } from "./target.js";
import { TARGETS } from "./targets/index.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    target: { type: "string", multiple: true },
    seed: { type: "string" },
    findings: { type: "string", default: "fixtures/fuzz/findings" },
    corpus: { type: "string" },
    keep: { type: "boolean", default: false },
    bare: { type: "boolean", default: false },
    first: { type: "boolean", default: false },
    missing: { type: "string", multiple: true, default: [] },
  },
});

// Every refusal is an error with a stack, which is only looked at where it is none of ours.
Error.stackTraceLimit = 4;
watchArrays();

const LARGEST_KEPT = 400;
const KEPT = resolve("fixtures/fuzz/corpus");
const say = (text: string) => process.stdout.write(`${text}\n`);

const chosen = TARGETS.filter(({ name }) => !values.target || values.target.includes(name));
if (chosen.length === 0) {
  say(`no target ${values.target}; there are: ${TARGETS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed);
const share = Number(values.seconds) / chosen.length;
const findings = resolve(values.findings);
mkdirSync(findings, { recursive: true });
say(`seed ${seed}, ${chosen.length} targets, ${share.toFixed(0)} s each`);

const coverage = new Coverage(import.meta.url);
const watchdog = new Watchdog(Math.max(...TARGETS.map(({ maxBytes }) => maxBytes)));
let found = 0;
for (const target of chosen) {
  const outcome = await fuzz(target);
  found += outcome.findings.length;
  tell(target, outcome);
  if (values.keep) keep(target, await worthKeeping(target, outcome.corpus), KEPT);
  if (values.corpus) keep(target, outcome.corpus, resolve(values.corpus));
  await target.close?.();
}
await watchdog.close();
process.exitCode = found > 0 ? 1 : 0;

function fuzz(target: Target): Promise<Outcome> {
  return loop({
    target,
    seconds: share,
    seed,
    kept: [
      ...(values.bare ? [] : inputsOf(target, KEPT)),
      ...(values.corpus ? inputsOf(target, resolve(values.corpus)) : []),
    ],
    coverage,
    watchdog,
    path: (name) => join(findings, name),
    found: (finding) => report(finding),
    withVectors: !values.bare,
    first: values.first,
  });
}

function report({ name, input, message, after }: Finding): void {
  writeFileSync(join(findings, name), input);
  say(
    `FINDING ${name} (${input.length} bytes) after ${after.toFixed(1)} s: ${message.split("\n").slice(0, 6).join("\n  ")}`,
  );
}

function tell(target: Target, { executions, seconds, processorSeconds, corpus, outcomes, findings }: Outcome): void {
  const rate = Math.round(executions / processorSeconds);
  say(
    `${target.name}: ${executions} executions in ${seconds.toFixed(0)} s (${rate} a second of processor time), ${corpus.length} inputs kept, ${outcomes} outcomes, ${findings.length} findings`,
  );
  for (const { name, reached, total } of coverage.report()) {
    say(`  ${name.padEnd(32)} ${String(Math.floor((100 * reached) / total)).padStart(3)} % of ${total}`);
  }
  for (const name of values.missing) for (const line of coverage.missing(name)) say(`    ${name}: ${line}`);
}

function inputsOf(target: Target, folder: string): Bytes[] {
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith(`${target.name}-`));
    return names.map((name) => Uint8Array.from(readFileSync(join(folder, name))));
  } catch {
    return [];
  }
}

/** What a repository has room for, and would not have anyway. */
async function worthKeeping(target: Target, corpus: readonly Bytes[]): Promise<Bytes[]> {
  const seeds = new Set((await target.seeds(true)).map((seed) => nameOf(target, seed)));
  return corpus.filter((input) => input.length <= LARGEST_KEPT && !seeds.has(nameOf(target, input)));
}

function keep(target: Target, corpus: readonly Bytes[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const input of corpus) writeFileSync(join(folder, nameOf(target, input)), input);
}
