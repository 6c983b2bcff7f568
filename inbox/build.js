// Builds dist/: the program, and apart from it the service, which other commands do not load. Its dependencies stay what they are.
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL(".", import.meta.url));
const { version, dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  cwd: root,
  input: { main: "src/main.ts" },
  platform: "node",
  external: (id) => id.startsWith("node:") || id in dependencies,
  // Paths in tsconfig.json are for the types of seal alone.
  tsconfig: false,
  transform: { target: "node20.19", define: { SEAL_INBOX_VERSION: JSON.stringify(version) } },
  output: { dir: "dist", format: "esm", chunkFileNames: "[name]-[hash].js" },
  logLevel: "warn",
});
