// Runs the cases of cases/*.txt. A case is a section "== title", in it commands and what is expected of each:
//
//   $ command      run by sh in a fresh directory (template.sh says what is in it)
//   [7]            its exit status, 0 where it is not given
//   1~ regex       stdout matches, in multiline mode;  1! regex: it does not
// 1= {"a":…}     stdout is these JSON objects, one a line, with exactly these keys; "#" stands for a number, "?" for
// null or a text, "~…" for a text that matches
//   2~ 2! 2=       the same for stderr
//
// $NAME in an expectation is that variable. A stream of which nothing is said must stay empty. "#" begins a comment.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { type Ended, inSandbox, type Sandbox, sh } from "./sandbox.js";

oneIn(30, 6);

const CASES = new URL("cases/", import.meta.url);

interface Step {
  readonly where: string;
  readonly command: string;
  status: number;
  readonly streams: Readonly<Record<"1" | "2", [kind: string, expected: string][]>>;
}

function parse(file: string): Map<string, Step[]> {
  const cases = new Map<string, Step[]>();
  let steps: Step[] = [];
  for (const [i, line] of readFileSync(new URL(file, CASES), "utf8").split("\n").entries()) {
    const where = `${file}:${i + 1}`;
    if (line === "" || line.startsWith("#")) continue;
    const [, stream, kind, expected] = /^([12])([~!=]) (.*)$/.exec(line) ?? [];
    if (line.startsWith("== ")) {
      if (cases.has(line.slice(3))) throw new Error(`${where}: a second case of this title`);
      steps = [];
      cases.set(line.slice(3), steps);
    } else if (line.startsWith("$ "))
      steps.push({ where, command: line.slice(2), status: 0, streams: { 1: [], 2: [] } });
    else if (/^\[\d+\]$/.test(line)) steps.at(-1)!.status = Number(line.slice(1, -1));
    else if (stream) steps.at(-1)!.streams[stream as "1" | "2"].push([kind!, expected!]);
    else throw new Error(`${where}: not understood: ${line}`);
  }
  return cases;
}

/** The same keys, and values that fit. */
function fits(actual: unknown, expected: unknown): boolean {
  if (expected === "#") return typeof actual === "number";
  if (expected === "?") return actual === null || (typeof actual === "string" && actual !== "");
  if (typeof expected === "string" && expected.startsWith("~")) {
    return typeof actual === "string" && new RegExp(expected.slice(1), "s").test(actual);
  }
  if (typeof expected !== "object" || expected === null) return actual === expected;
  if (typeof actual !== "object" || actual === null) return false;
  const keys = Object.keys(expected).sort();
  const pairs = [actual, expected] as Record<string, unknown>[];
  return `${Object.keys(actual).sort()}` === `${keys}` && keys.every((key) => fits(pairs[0]![key], pairs[1]![key]));
}

function faultOf(text: string, expectations: [string, string][]): string | null {
  if (expectations.length === 0 && text !== "") return "is not empty";
  const wrong = expectations.find(
    ([kind, expected]) => kind !== "=" && new RegExp(expected, "m").test(text) === (kind === "!"),
  );
  if (wrong) return `${wrong[0] === "!" ? "matches" : "does not match"} ${wrong[1]}`;
  const objects = expectations.filter(([kind]) => kind === "=").map(([, expected]) => JSON.parse(expected));
  const lines = text.split("\n").slice(0, -1);
  if (
    objects.length === 0 ||
    (lines.length === objects.length && lines.every((line, i) => fits(JSON.parse(line), objects[i])))
  )
    return null;
  return `is not ${objects.map((object) => JSON.stringify(object)).join("\n")}`;
}

function check({ where, command, status, streams }: Step, ended: Ended, box: Sandbox): void {
  const context = `${where}: $ ${command}\n[${ended.status}]\n--- stdout\n${ended.stdout}\n--- stderr\n${ended.stderr}`;
  const filled = (list: [string, string][]) =>
    list.map(([kind, text]): [string, string] => [
      kind,
      text.replace(/\$([A-Z_]+)/g, (_, name) => box.env[name] ?? ""),
    ]);
  expect(ended.status, context).toBe(status);
  expect(faultOf(ended.stdout, filled(streams[1])), `stdout of ${context}`).toBe(null);
  expect(faultOf(ended.stderr, filled(streams[2])), `stderr of ${context}`).toBe(null);
  if (!command.includes("SEAL_DEBUG")) expect(ended.stderr, context).not.toMatch(/^\s+at /m);
  expect(ended.stdout + ended.stderr, `no secret is shown: ${where}`).not.toMatch(/SEAL-SECRET-KEY-1[A-Z0-9]{8}/i);
}

describe.each(readdirSync(CASES).filter((name) => name.endsWith(".txt")))("%s", (file) => {
  test.concurrent.each([...parse(file)])(
    "%s",
    inSandbox(async (box, _title: string, steps: Step[]) => {
      for (const step of steps) check(step, await sh(box, step.command), box);
    }),
  );
});
