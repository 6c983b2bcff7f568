// Builds dist/: the library and the program, the types, the manual pages, and the licences of what is bundled. All
// packages are: an installed seal brings nothing else along, and each file more that a start has to find and read costs
// it a millisecond.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { refuseMissing } from "./missing.js";
import { billOfMaterials, bundledPackages, notices } from "./notices.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const description = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const { version } = description;

const CHILD_PROCESS = "node:child_process";
/** What is loaded as a whole before anything is done. */
const SMALL = { comments: { legal: true }, minify: true };
const WEB_WORKER = { ...SMALL, format: "iife", entryFileNames: "[name].js" };
const WEB_LIBRARY = { ...SMALL, entryFileNames: "[name].js" };
const WEB = { platform: "browser", target: "es2023" };
/** Node reads ASCII faster, V8 keeps it in half the memory. Escapes mean the same in literals, but for String.raw. */
const ascii = {
  name: "ascii",
  generateBundle: (_, files) => {
    for (const file of Object.values(files)) file.code = file.code?.replace(/[\u0080-\uffff]/g, escaped);
  },
};
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const COMMON = {
  format: "cjs",
  strict: true,
  entryFileNames: "[name].cjs",
  // Its beginning finds the program by its name.
  chunkFileNames: ({ name }) => (name === "program" ? "[name].cjs" : "[name]-[hash].cjs"),
  // The program's exports are called what they are.
  minifyInternalExports: false,
  comments: { legal: true, jsdoc: false, annotation: false },
  plugins: [ascii],
};

rmSync(`${root}dist`, { recursive: true, force: true });
const bundles = [
  // A require of its own would clash with that of the bundles that it is put into.
  await bundle({ index: "src/index.ts" }, { groups: [] }, { polyfillRequire: false }),
  // The program is no ES module: Node starts it in two thirds of the time.
  await bundle({ main: "src/cli/main.ts" }, { groups: [{ name: always, debugName: "program" }] }, COMMON),
  // What runs before it.
  await bundle({ cli: "src/cli/start.ts" }, false, COMMON),
  await bundle({ sealer: "src/cli/sealer.ts" }, false, COMMON),
  // In one file, which can be copied to where a bundler has put the rest.
  await bundle({ worker: "src/engine/worker.ts" }, false, { ...COMMON, ...SMALL }),
  // For those who cannot require a module, as jest: all in one file, beside the same worker.
  await bundle({ index: "src/index.ts" }, false, COMMON),
];
// Nothing but the program's exports under another name.
rmSync(`${root}dist/main.cjs`);
// A browser's worker is a script by itself, and the text of it a part of the library, which so is one file.
bundles.push(await bundle({ "web-worker": "src/engine/web-worker.ts" }, false, WEB_WORKER, WEB));
const worker = JSON.stringify(readFileSync(`${root}dist/web-worker.js`, "utf8"));
bundles.push(
  await bundle({ web: "src/web/index.ts" }, false, WEB_LIBRARY, { ...WEB, define: { SEAL_WEB_WORKER: worker } }),
);
const bundled = bundledPackages(bundles);
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices(bundled, root));
writeFileSync(`${root}dist/sbom.cdx.json`, billOfMaterials(description, bundled, root));
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.types.json"], {
  cwd: root,
  stdio: "inherit",
});
await writeManual();

/**
 * The manual pages, by the code that knows the commands. SOURCE_DATE_EPOCH dates them, for builds that can be repeated.
 */
async function writeManual() {
  const scratch = `${root}dist/manual`;
  await bundle({ manual: "src/cli/manual/index.ts" }, { groups: [] }, { dir: scratch });
  const { manualPages } = await import(pathToFileURL(`${scratch}/manual.js`).href);
  const { SOURCE_DATE_EPOCH } = process.env;
  const built = SOURCE_DATE_EPOCH ? new Date(1000 * Number(SOURCE_DATE_EPOCH)) : new Date();
  const pages = await manualPages({ version, date: built.toISOString().slice(0, 10) });
  rmSync(scratch, { recursive: true });
  mkdirSync(`${root}dist/man`);
  for (const [name, text] of Object.entries(pages)) {
    writeFileSync(`${root}dist/man/${name}`, text);
  }
}

function bundle(input, codeSplitting, output = {}, { platform = "node", target = "node20.19", define = {} } = {}) {
  return build({
    cwd: root,
    input,
    platform,
    onLog: refuseMissing,
    moduleTypes: { ".bash": "text", ".zsh": "text", ".fish": "text" },
    external: (id) => platform === "node" && id.startsWith("node:") && id !== CHILD_PROCESS,
    // commander can start commands that are programs of their own. seal has none, and half of Node would be loaded for
    // it.
    resolve: {
      alias: { [CHILD_PROCESS]: `${root}scripts/no-child-process.js`, crypto: `${root}scripts/no-random.js` },
    },
    transform: { target, define: { SEAL_VERSION: JSON.stringify(version), ...define } },
    output: {
      dir: "dist",
      format: "esm",
      chunkFileNames: "[name]-[hash].js",
      codeSplitting,
      comments: { legal: true },
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: false } },
      ...output,
    },
  });
}

/** One chunk for what every command loads; the rest falls where it is used. */
function always(id, graph, module = `${root}src/cli/main.ts`, seen = new Set()) {
  if (module === id) return "program";
  if (seen.has(module)) return null;
  seen.add(module);
  const next = graph.getModuleInfo(module)?.importedIds ?? [];
  return next.some((each) => always(id, graph, each, seen)) ? "program" : null;
}
