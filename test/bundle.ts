// Programs of a test's own, made from the sources that it names.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const source = (file: string) => fileURLToPath(new URL(`../src/${file}`, import.meta.url));

/**
 * Bundles each entry, NAME → path, into NAME.js in `folder`, a module for Node. Packages that are named in `external`
 * are left out.
 */
export async function bundle(entries: Record<string, string>, folder: string, external: RegExp[] = []): Promise<void> {
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await build({
    input: entries,
    platform: "node",
    external: [/^node:/, ...external],
    resolve: {
      alias: { "@sealed-files/seal/internal": source("internal.ts"), "@sealed-files/seal": source("index.ts") },
    },
    output: { dir: folder, format: "esm" },
    logLevel: "silent",
  });
}
