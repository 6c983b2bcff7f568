// The faults that fuzz/planted.js plants are still about what stands in src/.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { TARGETS } from "../../fuzz/targets/index.js";

interface Fault {
  readonly name: string;
  readonly target: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const root = new URL("../../", import.meta.url);
const { FAULTS }: { FAULTS: readonly Fault[] } = await import(new URL("fuzz/faults.js", root).href);

test.each(FAULTS.map((fault) => [fault.name, fault] as const))("%s", (_name, { target, file, from, to }) => {
  expect(TARGETS.map(({ name }) => name)).toContain(target);
  expect(readFileSync(fileURLToPath(new URL(file, root)), "utf8").split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});
