// What V8 has compiled of the program, kept for the next start. It is code that will be run, so it is kept where nobody
// else can write, or not at all. Node's own cache, from Node 22 on, has what is compiled when a file is loaded: not the
// functions, which V8 compiles when they are first called, and that is most of it. So it is not used beside this one.

import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Script } from "node:vm";

const DIGEST_BYTES = 32;

type Program = typeof import("./main.js");

/** What is loaded, which the build makes of main.ts. */
const PROGRAM = "./program.cjs";

/**
 * Loads the program by what was kept of a run of the same kind, and keeps that where nothing was. Nothing else depends
 * on it: where there is no place for it, the program is compiled at each start. NODE_DISABLE_COMPILE_CACHE is Node's
 * own way to have none.
 */
export function loadProgram(program: "seal" | "open", argv: readonly string[]): Program {
  const { createRequire } = process.getBuiltinModule("node:module");
  const require = createRequire(join(import.meta.dirname, "cli.cjs"));
  const directory = ownCache();
  return directory ? loadKept(directory, kindOf(program, argv), require) : require(PROGRAM);
}

const KINDS = ["seal", "open", "verify", "journal", "other"] as const;
/** Each kind with what it calls. */
type Kind = (typeof KINDS)[number];
/** The other commands of `seal`, which few call often. */
export const OTHERS: readonly string[] = ["inspect", "rewrap", "keygen", "pub", "contacts", "completion", "accept"];
const ASKING: readonly string[] = ["--help", "-h", "--version"];

/** Of which kind a run is, as far as its arguments tell. */
export function kindOf(program: "seal" | "open", argv: readonly string[]): Kind {
  if (argv.some((word) => ASKING.includes(word))) return "other";
  if (program === "open") return "open";
  const [first = ""] = argv;
  return OTHERS.includes(first) ? "other" : (KINDS.find((kind) => kind === first && kind !== "other") ?? "seal");
}

/** Has `require` find the program as it was compiled before, and the program what it requires of its own. */
function loadKept(directory: string, kind: Kind, require: NodeJS.Require): Program {
  const { Module } = process.getBuiltinModule("node:module");
  const { Script } = process.getBuiltinModule("node:vm");
  const compiled: (() => void)[] = [];
  const load = (name: string): unknown => {
    if (!name.startsWith("./")) return require(name);
    const filename = require.resolve(name);
    const loaded = require.cache[filename];
    if (loaded) return loaded.exports;
    const source = readWrapped(filename);
    if (source.length < SHORT) return require(name);
    const place = join(directory, nameOf(kind, filename));
    const kept = readKept(place, source);
    // The build escapes all that is not ASCII.
    const script = new Script(source.toString("latin1"), { filename, ...(kept && { cachedData: kept }) });
    if (!kept || script.cachedDataRejected) compiled.push(() => keep(place, source, script));
    const module = new Module(filename);
    module.filename = filename;
    require.cache[filename] = module;
    try {
      script.runInThisContext()(module.exports, load, module, filename, dirname(filename));
    } catch (error) {
      delete require.cache[filename];
      throw error;
    }
    module.loaded = true;
    return module.exports;
  };
  // Only what a run needed that came to its end.
  process.once("exit", (status) => {
    if (status === 0) for (const keepThis of compiled) keepThis();
  });
  return load(PROGRAM) as Program;
}

/** What is shorter is compiled as soon as it is read. */
const SHORT = 4096;
const BEFORE = "(function (exports, require, module, __filename, __dirname) { ";
const BEHIND = "\n})";

/** A module's text as a function of what it finds in its scope, in one piece: V8 would copy all of it for that. */
function readWrapped(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const text = Buffer.alloc(BEFORE.length + size + BEHIND.length);
    text.write(BEFORE, "latin1");
    let at = BEFORE.length;
    for (let read = 1; read > 0; at += read) read = readSync(descriptor, text, at, BEFORE.length + size - at, null);
    return text.subarray(0, at + text.write(BEHIND, at, "latin1"));
  } finally {
    closeSync(descriptor);
  }
}

/** V8 takes nothing that was kept under other options, which would be written anew again and again. */
function nameOf(kind: Kind, file: string): string {
  const { version, arch, execPath, execArgv, env } = process;
  const hash = digest(JSON.stringify([file, execPath, execArgv, env.NODE_OPTIONS ?? ""])).toString("hex", 0, 8);
  return `${kind}-${version}-${arch}-${hash}`;
}

/** null where nothing is kept, or it is damaged, or of another source: V8 compares no more of that than its length. */
function readKept(place: string, source: Buffer): Buffer | null {
  try {
    const bytes = readFileSync(place);
    const data = bytes.subarray(DIGEST_BYTES);
    return digest(source, data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : null;
  } catch {
    return null;
  }
}

/** Never throws: the run has done its work. */
function keep(place: string, source: Buffer, script: Script): void {
  const temporary = `${place}.${process.getBuiltinModule("node:crypto").randomBytes(8).toString("hex")}`;
  orNot(() => {
    const data = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([digest(source, data), data]), { flag: "wx", mode: 0o600 });
    renameSync(temporary, place);
  });
  orNot(() => rmSync(temporary, { force: true }));
  orNot(() => removeOld(dirname(place)));
}

/** Milliseconds after which what was kept goes when something is kept anew: that of Nodes and seals that are gone. */
const OLD = 30 * 24 * 3600 * 1000;

function removeOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const isOurs = KINDS.some((kind) => name.startsWith(`${kind}-v`));
    if (isOurs && Date.now() - lstatSync(path).mtimeMs > OLD) rmSync(path, { force: true });
  }
}

function orNot(work: () => void): void {
  try {
    work();
  } catch {
    // A full disk, a directory that may not be written to: the program is compiled again.
  }
}

function digest(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A directory of this user's, in a home of this user's: sudo may have left HOME as it was. */
function ownCache(): string | null {
  const { HOME: home, XDG_CACHE_HOME: xdg, NODE_DISABLE_COMPILE_CACHE: without } = process.env;
  const user = process.geteuid?.();
  if (without || user === undefined || !home || !isAbsolute(home)) return null;
  const directory = xdg && isAbsolute(xdg) ? join(xdg, "seal") : join(home, ".cache", "seal");
  try {
    if (lstatSync(home).uid !== user || !isSafe(dirname(directory), user)) return null;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Once more: what was not there may have been made by somebody else meanwhile.
    const { uid, mode } = lstatSync(directory);
    return isSafe(dirname(directory), user) && uid === user && (mode & 0o077) === 0 ? directory : null;
  } catch {
    return null; // a home that may not be written to, or is not there
  }
}

/**
 * Whether only this user and root can put something else in the place of what will lie there, or above it. Behind a
 * link, others might.
 */
function isSafe(path: string, user: number): boolean {
  const above = dirname(path);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return isSafe(above, user);
  const isOpen = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
  if (!found.isDirectory() || isOpen || (found.uid !== user && found.uid !== 0)) return false;
  return path === above || isSafe(above, user);
}
