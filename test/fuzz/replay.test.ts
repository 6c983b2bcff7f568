// What fuzzing has found, and what it has kept because it reaches far: each input is run again, with every rule
// checked.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { randomOf } from "../../fuzz/random.js";
import { nameOf } from "../../fuzz/runner/loop.js";
import { TARGETS } from "../../fuzz/targets/index.js";

const FOLDER = fileURLToPath(new URL("../../fixtures/fuzz/", import.meta.url));
const inputs = ["findings", "corpus"]
  .map((kind) => join(FOLDER, kind))
  .filter(existsSync)
  .flatMap((folder) => readdirSync(folder).map((name) => ({ name, path: join(folder, name) })));

test("every input is of a target, and named by what it is", () => {
  expect(inputs.length).toBeGreaterThan(0);
  for (const { name, path } of inputs) {
    const target = TARGETS.find((one) => name.startsWith(`${one.name}-`));
    expect(target && nameOf(target, readFileSync(path)), name).toBe(name);
  }
});

describe.each(TARGETS.map((target) => [target.name, target] as const))("%s", (name, target) => {
  afterAll(() => target.close?.());
  const own = inputs.filter((input) => input.name.startsWith(`${name}-`));
  test.each(own.map(({ name, path }) => [name, path] as const))("%s", async (_name, path) => {
    await target.run(Uint8Array.from(readFileSync(path)), true);
  });

  test("what it starts from, and variations of it, break no rule", async () => {
    const seeds = (await target.seeds(false)).slice(0, 20);
    const random = randomOf(1);
    for (const seed of seeds) {
      await target.run(seed, false);
      await target.run(target.mutate(seed, random.pick(seeds), random).subarray(0, target.maxBytes), false);
    }
  });
});
