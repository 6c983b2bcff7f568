// What a hostile file costs in memory, in a process of its own: no more than docs/THREATS.md says. Needs the build.
// (bench/hostile.js tells the numbers, of processor time too, and of the cases that take long.)

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Case {
  readonly name: string;
  readonly status: number;
  readonly bytes: number;
  readonly isSlow?: boolean;
  make(): [name: string, content: Uint8Array | string][];
}

interface Bench {
  readonly CASES: readonly Case[];
  readonly COMMON: Case["make"];
  write(folder: string, files: ReturnType<Case["make"]>): void;
  costOf(one: Case, folder: string): Promise<{ status: number | null; stderr: string; bytes: number }>;
  baseline(folder: string): Promise<{ bytes: number }>;
}

const load = (name: string): Promise<Bench> => import(new URL(`../../bench/hostile/${name}.js`, import.meta.url).href);
const { CASES, COMMON, write } = await load("cases");
const { baseline, costOf } = await load("measure");

const folder = mkdtempSync(join(tmpdir(), "seal-hostile-"));
let least: number;

beforeAll(async () => {
  write(folder, COMMON());
  least = (await baseline(folder)).bytes;
});
afterAll(() => rmSync(folder, { recursive: true }));

const quick = CASES.filter(({ isSlow }) => !isSlow).map((one) => [one.name, one] as const);
test.each(quick)("%s", async (_name, one) => {
  const { status, bytes, make } = one;
  write(folder, make());
  const found = await costOf(one, folder);
  expect({ status: found.status, stderr: found.stderr }).toMatchObject({ status });
  expect(found.bytes - least).toBeLessThan(bytes);
});
