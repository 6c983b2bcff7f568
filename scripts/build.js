// Builds dist/: the library and the program, bundled, the types, and the licences of what was bundled. @noble/* stay
// what they are, dependencies.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

rmSync(`${root}dist`, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { index: "src/index.ts", cli: "src/cli/main.ts", worker: "src/engine/worker.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: ["@noble/*"],
  define: { SEAL_VERSION: JSON.stringify(version) },
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "eof",
  logLevel: "warning",
  metafile: true,
});
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices(bundledPackages(metafile)));
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.types.json"], {
  cwd: root,
  stdio: "inherit",
});

/** The folders of the packages of which something is in the output, sorted. */
function bundledPackages({ outputs }) {
  const folders = new Set();
  for (const { inputs } of Object.values(outputs)) {
    for (const path of Object.keys(inputs)) {
      const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
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
