// Makes a checkout ready to run: installs from the lockfile when that has not been done since it changed, then builds.
import { execSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const installed = `${root}node_modules/.package-lock.json`;
const lock = `${root}package-lock.json`;
const run = (command) => execSync(command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

const current = existsSync(installed) && (!existsSync(lock) || statSync(installed).mtimeMs >= statSync(lock).mtimeMs);
if (!current) run("npm ci --ignore-scripts --no-audit --no-fund");
for (const script of ["scripts/build.js", "inbox/build.js", "web/build.js"]) run(`"${process.execPath}" ${script}`);
