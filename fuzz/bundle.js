// The fuzzer and src/ in one file, unminified, so that coverage can be told by file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} outfile
 * @param {{ file: string, from: string, to: string }[]} changes to the source that is bundled; the files stay as they are
 */
export async function bundle(outfile, changes = []) {
  await build({
    absWorkingDir: root,
    entryPoints: ["fuzz/main.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: ["@noble/*"],
    logLevel: "warning",
    plugins: [changing(changes)],
  });
}

function changing(changes) {
  return {
    name: "changes",
    setup({ onLoad }) {
      for (const { file, from, to } of changes) {
        onLoad({ filter: new RegExp(`/${file.replaceAll(".", "\\.")}$`) }, ({ path }) => {
          const text = readFileSync(path, "utf8");
          if (text.split(from).length !== 2) throw new Error(`${file} does not have ${from} once`);
          return { contents: text.replace(from, () => to), loader: "ts" };
        });
      }
    },
  };
}
