// Access control lists, which Node knows nothing of: the system's own tools read and set them, on descriptors that they
// are handed, so that no name can be exchanged under their hands.

import { accessSync, closeSync, constants, openSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { childProcess } from "./lazy.js";

/** Opens a file for its attributes alone, which needs no permission to read it. */
const O_PATH = 0o10000000;

/** Where a tool finds the files that it is handed: the one to be like, and the one to change. */
const MODEL = "/proc/self/fd/3";
const CHANGED = "/proc/self/fd/4";

/**
 * Gives an open file the ACL of the file of that name, or none where that has none. false where no tool can tell what
 * it has.
 */
export async function copyAcl(fd: number, model: string): Promise<boolean> {
  const from = openSync(model, O_PATH | constants.O_NOFOLLOW);
  try {
    return (await byAclTools(from, fd)) || (await byCp(from, fd));
  } finally {
    closeSync(from);
  }
}

async function byAclTools(from: number, to: number): Promise<boolean> {
  const [getfacl, setfacl] = [find("getfacl"), find("setfacl")];
  if (!getfacl || !setfacl) return false;
  const listed = await run(getfacl, ["-ncpE", "--", MODEL, CHANGED], [from, to]);
  const [model, changed, ...more] = listed?.trim().split("\n\n") ?? [];
  if (!model || !changed || more.length > 0) return false;
  if (isPlain(model) && isPlain(changed)) return true;
  return (await run(setfacl, ["--set-file=-", "--", CHANGED], [from, to], `${model}\n`)) !== null;
}

/** Only what the mode says too: owner, group, others. */
function isPlain(acl: string): boolean {
  return acl.split("\n").every((line) => /^(user|group|other)::/.test(line));
}

/** Others than GNU's know these options and leave the ACL out. */
async function byCp(from: number, to: number): Promise<boolean> {
  const cp = find("cp");
  if (!cp || !(await run(cp, ["--version"], []))?.includes("GNU coreutils")) return false;
  return (await run(cp, ["--attributes-only", "--preserve=mode", "--", MODEL, CHANGED], [from, to])) !== null;
}

/** The program of that name in PATH; entries that depend on the current directory do not count. */
function find(name: string): string | null {
  for (const directory of (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next one may have it.
    }
  }
  return null;
}

/**
 * What a program says that is given these descriptors, from 3 on; null where it fails. It is told nothing of our
 * environment.
 */
function run(
  program: string,
  args: readonly string[],
  fds: readonly number[],
  input: string | null = null,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = childProcess().spawn(program, args, {
      stdio: [input === null ? "ignore" : "pipe", "pipe", "ignore", ...fds],
      env: { LC_ALL: "C" },
    });
    let said = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    // Whether it read all of it, its status says.
    child.stdin?.on("error", () => undefined).end(input);
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code === 0 ? said : null));
  });
}
