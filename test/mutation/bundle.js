// The tests that are run against mutants, and the mutated source, in one module.

import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { globSync } from "tinyglobby";
import { mutate, tests } from "./parts.js";

/** Not the sandbox's copy: the runner has to find what is collected there. */
const REGISTRY = fileURLToPath(new URL("./registry.js", import.meta.url));

/** The module's path. Loading it collects the tests (registry.js). */
export async function bundleTests(root) {
  // Source that tests load late, too: a mutant of what a module does while it is loaded has to be there by then.
  const paths = [...globSync(mutate, { cwd: root }), ...globSync(tests, { cwd: root }).sort()];
  const file = join(root, `coverage/mutation/bundle-${process.pid}/tests.mjs`);
  await build({
    cwd: root,
    input: "tests",
    platform: "node",
    external: (id) => id === REGISTRY || id.startsWith("node:") || /^(@noble|@scure|fast-check)/.test(id),
    transform: { target: "node20.19" },
    // A mutant may make what does nothing, and is to stay.
    treeshake: false,
    logLevel: "silent",
    plugins: [
      {
        name: "tests",
        resolveId(id) {
          if (id === "tests") return "\0tests";
          return id === "vitest" ? { id: REGISTRY, external: "absolute" } : null;
        },
        load(id) {
          if (id !== "\0tests") return null;
          return paths.map((path) => `import ${JSON.stringify(join(root, path))};`).join("\n");
        },
        transform(code, id) {
          const located = code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
          if (!id.endsWith(".test.ts")) return located;
          return `globalThis.beginTestFile(${JSON.stringify(relative(root, id))});\n${located}`;
        },
      },
    ],
    output: { file, format: "esm", codeSplitting: false },
  });
  return file;
}
