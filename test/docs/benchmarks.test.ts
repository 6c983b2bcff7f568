// docs/BENCHMARKS.md and its pictures: what the report makes of bench/results/, and nothing that was edited by hand.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TREE } from "../cli/sandbox.js";

const WRITE = `
  const { writeReport } = await import("./bench/report/write.js");
  writeReport(process.argv[1], "bench/results");
`;

/** Each file of the report by its name, as text. */
function reportIn(directory: string): Record<string, string> {
  const pictures = readdirSync(join(directory, "benchmarks")).map((name) => join("benchmarks", name));
  const names = ["BENCHMARKS.md", ...pictures].sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

test("the benchmarks page is what its results give", () => {
  const directory = mkdtempSync(join(tmpdir(), "seal-report-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const page = join(directory, "BENCHMARKS.md");
  execFileSync(process.execPath, ["--input-type=module", "-e", WRITE, page], { cwd: TREE });
  expect(reportIn(directory)).toEqual(reportIn(join(TREE, "docs")));
}, 60_000);
