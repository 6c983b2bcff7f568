// Builds dist/: the program, and apart from it the service, which other commands do not load. Everything is bundled,
// seal from its source: an installed inbox depends on no other package.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { refuseMissing } from "../scripts/missing.js";
import { billOfMaterials, bundledPackages, notices } from "../scripts/notices.js";

const root = fileURLToPath(new URL(".", import.meta.url));
const tree = fileURLToPath(new URL("..", import.meta.url));
const description = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const { version } = description;

rmSync(`${root}dist`, { recursive: true, force: true });
const options = (input, dir) => ({
  cwd: root,
  input,
  platform: "node",
  onLog: refuseMissing,
  external: (id) => id.startsWith("node:"),
  tsconfig: false,
  resolve: {
    alias: {
      "@sealed-files/seal/internal": `${tree}src/internal.ts`,
      "@sealed-files/seal": `${tree}src/index.ts`,
      // fastify loads it only for tests that inject requests.
      "light-my-request": `${root}no-injection.js`,
    },
  },
  transform: { target: "node20.19", define: { SEAL_INBOX_VERSION: JSON.stringify(version) } },
  output: {
    dir,
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    comments: { legal: true },
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
  },
  logLevel: "warn",
});
const bundle = await build(options({ main: "src/main.ts" }, "dist"));
await writeManual();
const bundled = bundledPackages([bundle]);
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices(bundled, tree));
writeFileSync(`${root}dist/sbom.cdx.json`, billOfMaterials(description, bundled, tree));

/** The manual page, by the code that knows the commands. SOURCE_DATE_EPOCH dates it, as it does seal's. */
async function writeManual() {
  const scratch = `${root}dist/manual`;
  await build(options({ manual: "src/commands/manual.ts", commands: "src/commands/index.ts" }, "dist/manual"));
  const [{ manualPage }, { COMMANDS }] = await Promise.all(
    ["manual", "commands"].map((name) => import(pathToFileURL(`${scratch}/${name}.js`).href)),
  );
  const { SOURCE_DATE_EPOCH } = process.env;
  const built = SOURCE_DATE_EPOCH ? new Date(1000 * Number(SOURCE_DATE_EPOCH)) : new Date();
  const page = manualPage(COMMANDS, { version, date: built.toISOString().slice(0, 10) });
  rmSync(scratch, { recursive: true });
  mkdirSync(`${root}dist/man`);
  writeFileSync(`${root}dist/man/seal-inbox.1`, page);
}
