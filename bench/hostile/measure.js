// One run of the program in a process of its own: processor time, and the most memory that it had.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./serve.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const HOOK = `data:text/javascript,${encodeURIComponent(`
import { readFileSync, writeFileSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  let kibibytes = maxRSS;
  // What getrusage tells may be the parent's, from before the program began.
  try {
    kibibytes = Number(/^VmHWM:\\s*(\\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {}
  const seconds = (userCPUTime + systemCPUTime) / 1e6;
  writeFileSync(process.env.HOSTILE_LOG, JSON.stringify({ seconds, bytes: 1024 * kibibytes }));
});
`)}`;

/**
 * @param {string[]} argv `seal` or `open`, and what follows; or `library`
 * @param {string} folder where it runs
 * @param {Record<string, string>} [env]
 * @param {string | null} [input] a file for standard input
 * @returns {Promise<{ status: number | null, stderr: string, seconds: number, bytes: number }>}
 */
export async function cost([program, ...args], folder, env = {}, input = null) {
  const log = join(folder, ".cost");
  const main = program === "library" ? join(root, "bench/hostile/library.js") : join(root, "bin", `${program}.js`);
  const stdin = input === null ? "ignore" : openSync(join(folder, input), "r");
  const child = spawn(process.execPath, ["--import", HOOK, main, ...args], {
    cwd: folder,
    env: { ...process.env, SEAL_HOME: join(folder, "home"), ...env, HOSTILE_LOG: log },
    // What goes nowhere is taken for a closed output.
    stdio: [stdin, "pipe", "pipe"],
  });
  child.stdout.resume();
  if (stdin !== "ignore") closeSync(stdin);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const status = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const used = JSON.parse(readFileSync(log, "utf8"));
  rmSync(log);
  return { status, stderr, ...used };
}

/** What a case costs, in a folder with what it needs. */
export async function costOf({ argv, env, input, isServed = false }, folder) {
  if (!isServed) return cost(argv, folder, env, input);
  const { url, close } = await serve(folder);
  try {
    return await cost(
      argv.map((word) => (word.startsWith("bad.") ? `${url}/${word}` : word)),
      folder,
      env,
    );
  } finally {
    close();
  }
}

/** What a small good file costs: the rest is measured beyond that. */
export async function baseline(folder, rounds = 3) {
  const runs = [];
  for (let i = 0; i < rounds; i++)
    runs.push(await cost(["open", "good.sealed", "--key", "alice.key", "--from", "master.pub", "-o", "-"], folder));
  if (runs.some(({ status }) => status !== 0)) throw new Error(`a good file does not open: ${runs[0].stderr}`);
  const least = (pick) => Math.min(...runs.map(pick));
  return { seconds: least(({ seconds }) => seconds), bytes: least(({ bytes }) => bytes) };
}
