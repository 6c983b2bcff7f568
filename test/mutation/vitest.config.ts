// The tests that run against every mutant: those of the mutated folders, the vectors and the attacks.

import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const SLOW = ["protected.test.ts", "vectors.test.ts", "attacks.test.ts"];

/** What found the last mutant is likely to find its neighbour, and the first test that fails ends a run. */
class LikelyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => this.#rank(a) - this.#rank(b));
  }

  #rank({ moduleId, project }: TestSpecification): number {
    const path = relative(this.ctx.config.root, moduleId);
    const failed = this.ctx.cache.getFileTestResults(`${project.name}:${path}`)?.failed;
    return failed ? -2 : SLOW.findIndex((name) => moduleId.endsWith(name));
  }
}

export default defineConfig({
  test: {
    include: ["test/{format,chunk,keys}/*.test.ts", "test/vectors.test.ts", "test/ops/attacks.test.ts"],
    // What is mutated does not depend on the suite.
    env: { SEAL_TEST_SUITE: "native" },
    sequence: { sequencer: LikelyFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
