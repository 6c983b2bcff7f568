// One process, or one pipeline, from outside: wall time, and processor time and peak memory of the program in question.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";

const TIME = "/usr/bin/time";
const LONGEST = 15 * 60 * 1000;
export const canMeasureMemory = existsSync(TIME);

/**
 * @typedef {object} Run
 * @property {number} seconds
 * @property {number | null} processor seconds of all its threads, user and system; of its children too
 * @property {number | null} bytes peak resident memory
 */

/**
 * Runs `argv`; with `feed`, as `cat feed | argv | cat > /dev/null`. Throws where the exit status is another than
 * `status`.
 * @param {string[]} argv
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, feed?: string, status?: number, memory?: boolean }} options
 * @returns {Promise<Run>}
 */
export async function measure(argv, { cwd, env, feed, status = 0, memory = true }) {
  const log = `${cwd}/.time`;
  const timed = canMeasureMemory && memory ? [TIME, "-o", log, "-f", "%M %U %S %x", ...argv] : argv;
  const command = feed === undefined ? timed : pipeline(feed, timed);
  const started = process.hrtime.bigint();
  const ended = await run(command, { cwd, env });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { bytes, processor, status: own } = timed === argv ? unmeasured(ended) : readLog(log);
  if (own !== status) throw new Error(`${argv.join(" ")}\nended with ${own}: ${ended.stderr.trim()}`);
  return { seconds, processor, bytes };
}

/** The command of a shell. */
function pipeline(feed, argv) {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return ["sh", "-c", `cat '${feed}' | ${quoted} | cat > /dev/null`];
}

const unmeasured = ({ status }) => ({ bytes: null, processor: null, status });

/** Its last line; before it may stand that the command failed. */
function readLog(log) {
  const last = readFileSync(log, "utf8").trim().split("\n").at(-1);
  rmSync(log);
  const [kilobytes, user, system, status] = last.split(" ").map(Number);
  return { bytes: kilobytes * 1024, processor: user + system, status };
}

/**
 * Runs a command to its end.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
export function run([program, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, timeout: LONGEST, stdio: ["ignore", "pipe", "pipe"] });
    const streams = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        streams[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...streams }));
  });
}

/**
 * Runs a command that must succeed; returns its stdout.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
export async function must(command, options) {
  const { status, stdout, stderr } = await run(command, options);
  if (status !== 0) throw new Error(`${command.join(" ")}\nended with ${status}: ${stderr.trim()}`);
  return stdout;
}
