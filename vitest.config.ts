import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: "@sealed-files/seal/internal", replacement: source("internal.ts") },
      { find: "@sealed-files/seal", replacement: source("index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts", "inbox/test/**/*.test.ts", "web/test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Hundreds of programs are started, killed and waited for. Where a whole release is tried, one that a busy machine
    // has upset is run again; both are shown.
    retry: process.env.CI ? 2 : 0,
    // Many tests wait for programs that they started, and leave cores idle.
    maxWorkers: availableParallelism() + 2,
  },
});
