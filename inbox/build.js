// Builds dist/: the program, and apart from it the service, which other commands do not load. Everything is bundled,
// seal from its source: an installed inbox depends on no other package.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { refuseMissing } from "../scripts/missing.js";
import { billOfMaterials, bundledPackages, notices } from "../scripts/notices.js";

const root = fileURLToPath(new URL(".", import.meta.url));
const tree = fileURLToPath(new URL("..", import.meta.url));
const description = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const { version } = description;

rmSync(`${root}dist`, { recursive: true, force: true });
const bundle = await build({
  cwd: root,
  input: { main: "src/main.ts" },
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
    dir: "dist",
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    comments: { legal: true },
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
  },
  logLevel: "warn",
});
const bundled = bundledPackages([bundle]);
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices(bundled, tree));
writeFileSync(`${root}dist/sbom.cdx.json`, billOfMaterials(description, bundled, tree));
