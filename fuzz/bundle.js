// The fuzzer and src/ in one file, unminified, so that coverage can be told by file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} file where to
 * @param {{ file: string, from: string, to: string }[]} changes to the source that is bundled; the files stay as they
 * are
 */
export async function bundle(file, changes = []) {
  await build({
    cwd: root,
    input: "fuzz/main.ts",
    platform: "node",
    external: (id) => id.startsWith("node:") || id.startsWith("@noble/"),
    // What the inbox has of the library here is its error.
    resolve: { alias: { "@sealed-files/seal": `${root}src/errors.ts` } },
    transform: { target: "node20.19" },
    // What is never run must be seen, too.
    treeshake: false,
    plugins: [changing(changes)],
    output: { file, format: "esm", codeSplitting: false },
  });
}

function changing(changes) {
  return {
    name: "changes",
    load(id) {
      const change = changes.find(({ file }) => id === `${root}${file}`);
      if (!change) return null;
      const text = readFileSync(id, "utf8");
      if (text.split(change.from).length !== 2) throw new Error(`${change.file} does not have ${change.from} once`);
      return { code: text.replace(change.from, () => change.to), moduleType: "ts" };
    },
  };
}
