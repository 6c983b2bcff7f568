// `npm run fuzz`: bundles the fuzzer, and runs it.

import { spawn } from "node:child_process";
import { bundle, root } from "./bundle.js";

const main = `${root}dist/fuzz/main.js`;
await bundle(main);
const child = spawn(process.execPath, ["--expose-gc", main, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
child.on("exit", (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
