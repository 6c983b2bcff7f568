// The library as bundlers and other loaders take it: sealing and opening 40 MB, and an error that is a SealError. Where
// the worker's file is not beside the bundle, the work is done on one thread, with a note. Run by .ci/run in a
// directory where the package, esbuild, rolldown, webpack and jest are installed: `node bundlers.mjs PACKAGE`.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [name] = process.argv.slice(2);
const here = process.cwd();
const at = (...parts) => join(here, ...parts);
const dist = at("node_modules", name, "dist");
const WORKER_MISSING = "SEAL_NO_WORKER";

const USE = `
module.exports = async ({ Identity, openBytes, sealBytes, SealError }) => {
  const { identity } = await Identity.generate();
  const data = new Uint8Array(40_000_000).fill(7);
  const sealed = await sealBytes(data, { to: [identity.recipient], sign: identity });
  const opened = await openBytes(sealed, { keys: [identity], from: [identity.signer] });
  if (opened.length !== data.length || opened.at(-1) !== 7) throw new Error("opening gave something else");
  const refused = await sealBytes(data, { to: ["nonsense"], unsigned: true }).catch((error) => error);
  if (!(refused instanceof SealError)) throw new Error("a key that is none: " + refused);
};
`;

function run(title, args, { note }) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: here, encoding: "utf8" });
  const noted = stderr.includes(WORKER_MISSING);
  if (status !== 0 || noted !== note) {
    throw new Error(`${title}: status ${status}, ${noted ? "" : "no "}note of a missing worker\n${stdout}${stderr}`);
  }
  console.log(`${title}: well${note ? ", on one thread" : ""}`);
}

/** Runs a bundle as it is, and with the worker's file copied beside it. */
function runBundle(title, file) {
  run(title, [file], { note: true });
  copyFileSync(join(dist, "worker.cjs"), at("out", "worker.cjs"));
  run(`${title}, the worker copied beside it`, [file], { note: false });
  rmSync(at("out", "worker.cjs"));
}

async function load(bundler) {
  return import(pathToFileURL(createRequire(at("package.json")).resolve(bundler)).href);
}

rmSync(at("out"), { recursive: true, force: true });
mkdirSync(at("out"));
writeFileSync(at("use.cjs"), USE);
writeFileSync(at("out", "package.json"), "{}");
writeFileSync(at("main.mjs"), `import * as seal from "${name}";\nimport use from "./use.cjs";\nawait use(seal);\n`);
writeFileSync(
  at("script.mjs"),
  `import * as seal from "${name}";\nimport use from "./use.cjs";\nuse(seal).catch((error) => { console.error(error); process.exit(1); });\n`,
);
writeFileSync(
  at("main.cjs"),
  `require("./use.cjs")(require("${name}")).catch((error) => { console.error(error); process.exit(1); });\n`,
);

run("import", ["main.mjs"], { note: false });
run("require", ["main.cjs"], { note: false });

const { build: esbuild } = await load("esbuild");
const shared = { bundle: true, platform: "node", target: "node20", logLevel: "error" };
const forEsm = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
await esbuild({
  ...shared,
  entryPoints: [at("main.mjs")],
  format: "esm",
  outfile: at("out/esbuild.mjs"),
  banner: forEsm,
});
runBundle("esbuild, a module", at("out/esbuild.mjs"));
await esbuild({ ...shared, entryPoints: [at("script.mjs")], format: "cjs", outfile: at("out/esbuild.cjs") });
run("esbuild, a script", [at("out/esbuild.cjs")], { note: true });

const { build: rolldown } = await load("rolldown");
await rolldown({
  input: at("main.mjs"),
  platform: "node",
  logLevel: "silent",
  output: { file: at("out/rolldown.mjs"), format: "esm", codeSplitting: false },
});
runBundle("rolldown, a module", at("out/rolldown.mjs"));
await rolldown({
  input: at("script.mjs"),
  platform: "node",
  logLevel: "silent",
  output: { file: at("out/rolldown.cjs"), format: "cjs", codeSplitting: false },
});
run("rolldown, a script", [at("out/rolldown.cjs")], { note: true });

const { default: webpack } = await load("webpack");
const stats = await new Promise((resolve, reject) => {
  const output = { path: at("out"), filename: "webpack.cjs" };
  webpack({ mode: "production", target: "node20", entry: at("script.mjs"), output }, (error, stats) =>
    error ? reject(error) : resolve(stats),
  );
});
if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
// It writes down where the package was when the bundle was made, and there the worker still is.
run("webpack, a script", [at("out/webpack.cjs")], { note: false });

mkdirSync(at("tests"), { recursive: true });
writeFileSync(
  at("tests", "seal.test.js"),
  `test("seals and opens", () => require("../use.cjs")(require("${name}")), 60_000);\n`,
);
run("jest", [at("node_modules/jest/bin/jest.js"), "--rootDir", at("tests"), "--testEnvironment", "node"], {
  note: false,
});
