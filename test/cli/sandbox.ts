// A temporary directory for each case, with keys and sealed files in it, and the programs of the tree under test.
// SEAL_TREE names another tree than the one that these tests lie in.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

export const TREE = process.env.SEAL_TREE ?? fileURLToPath(new URL("../../", import.meta.url));
const TEMPLATE = fileURLToPath(new URL("template.sh", import.meta.url));
const PTY = fileURLToPath(new URL("terminal.py", import.meta.url));
/** Milliseconds that a program may take. */
const LIMIT = Number(process.env.SEAL_TEST_LIMIT ?? 30_000);

export interface Sandbox {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let template: Sandbox | undefined;

afterAll(() => {
  if (template) rmSync(template.dir, { recursive: true, force: true });
});

/** A fresh directory with what template.sh makes. Names of public keys are in its environment: $ALICE, $ALICE_SIG, … */
function sandbox(): Sandbox {
  template ??= makeTemplate();
  const dir = mkdtempSync(join(tmpdir(), "seal-case-"));
  cpSync(template.dir, dir, { recursive: true, mode: 0 });
  const path = [join(dir, ".bin"), ...(process.env.PATH ?? "").split(delimiter)].join(delimiter);
  return { dir, env: { ...template.env, PATH: path, SEAL_HOME: join(dir, "home"), HOME: dir, TMPDIR: dir } };
}

/** A test in a sandbox of its own, in which the program must not leave temporary files. */
export function inSandbox<Args extends unknown[]>(
  work: (box: Sandbox, ...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const box = sandbox();
    try {
      await work(box, ...args);
      const left = readdirSync(box.dir, { recursive: true, encoding: "utf8" }).filter((name) => isTemporary(name));
      expect(left, "temporary files that are left").toEqual([]);
    } finally {
      rmSync(box.dir, { recursive: true, force: true });
    }
  };
}

/** What the program calls a file that is not whole yet. */
export function isTemporary(name: string): boolean {
  return /(^|\/)\.seal-[^/]*\.tmp$/.test(name);
}

function makeTemplate(): Sandbox {
  const dir = mkdtempSync(join(tmpdir(), "seal-template-"));
  const bin = join(dir, ".bin");
  const base = {
    PATH: [bin, ...(process.env.PATH ?? "").split(delimiter)].join(delimiter),
    LC_ALL: "C.UTF-8",
    TERM: "xterm",
    NODE: process.execPath,
    TREE,
    PTY,
    HOME: dir,
    SEAL_HOME: join(dir, "home"),
    // It would lie among what the tests look at.
    NODE_DISABLE_COMPILE_CACHE: "1",
  };
  execFileSync("sh", ["-e", TEMPLATE], { cwd: dir, env: base, stdio: ["ignore", "ignore", "inherit"] });
  return { dir, env: { ...base, ...publicKeys(dir) } };
}

function publicKeys(dir: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const file of readdirSync(dir).filter((name) => name.endsWith(".pub"))) {
    const name = file.slice(0, -4).toUpperCase();
    const lines = readFileSync(join(dir, file), "utf8").split("\n");
    env[name] = lines.find((line) => line.startsWith("seal1"))!;
    env[`${name}_SIG`] = lines.find((line) => line.startsWith("sealsig1"))!;
  }
  return env;
}

/** A program that was started, and its end. */
export interface Running {
  readonly child: ReturnType<typeof spawn>;
  readonly ended: Promise<Ended>;
}

/**
 * Starts a program in the sandbox, in a session of its own: without a controlling terminal, wherever the tests run. A
 * signal that ends it counts as the shell counts it; a program that takes too long is killed (137).
 */
export function start(
  box: Sandbox,
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
  limit = LIMIT,
): Running {
  const child = spawn(program, args, { cwd: box.dir, env: { ...box.env, ...env }, detached: true });
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on("data", (bytes: Buffer) => parts.stdout.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => parts.stderr.push(bytes));
  child.stdin.on("error", () => undefined);
  const timer = setTimeout(() => killGroup(child.pid!), limit);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr] = [parts.stdout, parts.stderr].map((part) => Buffer.concat(part).toString("utf8"));
      resolve({ status: code ?? 128 + constants.signals[signal!], stdout: stdout!, stderr: stderr! });
    });
  });
  return { child, ended };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Runs a shell command in the sandbox; `seal` and `open` are the programs under test. */
export function sh(box: Sandbox, command: string, env: Record<string, string> = {}): Promise<Ended> {
  const { child, ended } = start(box, "sh", ["-c", command], env);
  child.stdin!.end();
  return ended;
}

/** The words that call each command of seal, as --help lists them, those of groups too: "verify", "journal read". */
export async function allCommands(box: Sandbox): Promise<string[]> {
  const groups = ["accept", "journal"];
  const lists = await Promise.all(["", ...groups].map(async (group) => (await sh(box, `seal ${group} --help`)).stdout));
  const names = [...lists.join("").matchAll(/^ {2}seal ([a-z]+(?: [a-z]+)?) {2}/gm)].map(([, name]) => name!);
  return names.filter((name) => !groups.includes(name));
}

/** Starts `seal` or `open` itself, so that signals reach it. */
export function program(box: Sandbox, name: "seal" | "open", args: readonly string[], env = {}): Running {
  return start(box, process.execPath, [join(TREE, "bin", `${name}.js`), ...args], env);
}

/** Waits until `look` gives something else than null, undefined or false. */
export async function until<T>(look: () => T | null | undefined | false, what: string): Promise<T> {
  for (const end = Date.now() + LIMIT / 2; Date.now() < end; ) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** The temporary file in the sandbox that has at least `bytes`. */
export function temporaryIn(dir: string, bytes = 0): () => string | null {
  return () => {
    if (!existsSync(dir)) return null;
    const name = readdirSync(dir).find((entry) => isTemporary(entry));
    return name && statSync(join(dir, name)).size >= bytes ? join(dir, name) : null;
  };
}
