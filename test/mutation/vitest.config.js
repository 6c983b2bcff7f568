// The tests that run against every mutant: those of the mutated files. They have to do without the vectors and most of
// the attacks, which find nearly every mutant, but take a hundred times as long.

import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { tests } from "./parts.js";

/** What found the last mutant is likely to find its neighbour, and the first test that fails ends a run. */
class LikelyFirst extends BaseSequencer {
  async sort(files) {
    return files.toSorted((a, b) => this.#rank(a) - this.#rank(b));
  }

  #rank({ moduleId, project }) {
    const path = relative(this.ctx.config.root, moduleId);
    const failed = this.ctx.cache.getFileTestResults(`${project.name}:${path}`)?.failed;
    const isSlow = /(protected|journals)\.test\.ts$/.test(path);
    return failed ? -1 : Number(isSlow);
  }
}

export default defineConfig({
  test: {
    include: tests,
    // What is mutated does not depend on the suite.
    env: { SEAL_TEST_SUITE: "native" },
    sequence: { sequencer: LikelyFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
