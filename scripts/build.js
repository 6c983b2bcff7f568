// Builds dist/: the library and the program, the types, the manual pages, and the licences of what is bundled. All packages are: an installed seal brings
// nothing else along, and each file more that a start has to find and read costs it a millisecond.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

const CHILD_PROCESS = "node:child_process";

rmSync(`${root}dist`, { recursive: true, force: true });
const bundles = [
  await bundle({ index: "src/index.ts", cli: "src/cli/main.ts" }, { groups: [{ name: shared, debugName: "shared" }] }),
  await bundle({ worker: "src/engine/worker.ts" }, { groups: [] }),
];
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices(bundledPackages(bundles)));
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.types.json"], {
  cwd: root,
  stdio: "inherit",
});
await writeManual();

/** The manual pages, by the code that knows the commands. SOURCE_DATE_EPOCH dates them, for builds that can be repeated. */
async function writeManual() {
  const scratch = `${root}dist/manual`;
  await bundle({ manual: "src/cli/manual/index.ts" }, { groups: [] }, scratch);
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

function bundle(input, codeSplitting, dir = "dist") {
  return build({
    cwd: root,
    input,
    platform: "node",
    moduleTypes: { ".bash": "text", ".zsh": "text", ".fish": "text" },
    external: (id) => id.startsWith("node:") && id !== CHILD_PROCESS,
    // commander can start commands that are programs of their own. seal has none, and half of Node would be loaded for it.
    resolve: { alias: { [CHILD_PROCESS]: `${root}scripts/no-child-process.js` } },
    transform: { target: "node20.19", define: { SEAL_VERSION: JSON.stringify(version) } },
    output: {
      dir,
      format: "esm",
      chunkFileNames: "[name]-[hash].js",
      codeSplitting,
      comments: { legal: true },
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    },
  });
}

/** One chunk for what the program always loads, and the library sometimes; the rest falls where it is used. */
function shared(id, graph) {
  const reached = (start, follow, seen = new Set()) => {
    if (seen.has(start)) return seen;
    seen.add(start);
    for (const kind of follow) for (const next of graph.getModuleInfo(start)?.[kind] ?? []) reached(next, follow, seen);
    return seen;
  };
  const program = reached(`${root}src/cli/program.ts`, ["importedIds"]);
  const library = reached(`${root}src/index.ts`, ["importedIds", "dynamicallyImportedIds"]);
  return program.has(id) && library.has(id) ? "shared" : null;
}

/** The folders of the packages of which something is in the output, sorted. */
function bundledPackages(bundles) {
  const folders = new Set();
  for (const { output } of bundles) {
    for (const path of output.flatMap(({ modules }) => Object.keys(modules ?? {}))) {
      const [folder] = /node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
      if (folder) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** Name, version and licence text of each package. Throws where one has no licence file: it may not be passed on then. */
function notices(folders) {
  const heading = "dist/ contains code of the following packages, under their licences.\n";
  const rule = "-".repeat(80);
  const entries = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    const file = readdirSync(root + folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${folder} is bundled and has no licence file`);
    const text = readFileSync(`${root}${folder}/${file}`, "utf8").replaceAll("\r\n", "\n").trim();
    return `${rule}\n${name} ${version} (${license})\n\n${text}\n`;
  });
  return [heading, ...entries].join("\n");
}
