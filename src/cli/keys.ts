// From what stands on the command line to keys: recipients, senders, identities.

import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Bytes, fromUtf8 } from "../bytes.js";
import type { Suite } from "../crypto/index.js";
import { ioError, SealError } from "../errors.js";
import { openSource } from "../io/files.js";
import { stdinSource } from "../io/stdio.js";
import { type AskPassphrase, type IdentityFile, parseIdentityFile, parsePublicKeys } from "../keys/identity.js";
import { type KeyKind, kindOf, parseRecipient, parseSigner } from "../keys/text.js";
import { abortable } from "../ops/order.js";
import type { Context } from "./command.js";
import { escaped } from "./escape.js";
import { isDirectory } from "./outputs.js";
import { defaultIdentityPath } from "./places.js";
import type { Report } from "./report.js";
import { askHidden } from "./terminal.js";

/** No key file that anybody writes comes near to this. */
const MAX_KEY_FILE = 1024 * 1024;

/** The X25519 public keys that `--to` names. Throws `usage`, `io`. */
export async function resolveRecipients(names: readonly string[], signal: AbortSignal): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--to", "recipient", signal)))).flat();
}

/** The Ed25519 public keys that `--from` names. Throws `usage`, `io`. */
export async function resolveSigners(names: readonly string[], signal: AbortSignal): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--from", "signer", signal)))).flat();
}

async function resolve(
  name: string,
  flag: string,
  kind: Exclude<KeyKind, "secret">,
  signal: AbortSignal,
): Promise<Bytes[]> {
  // A key's own text is not repeated: it may be a secret that was pasted in the wrong place.
  return about(kindOf(name) ? flag : `${flag} ${name}`, async () => {
    if (OTHER_PROGRAMS.test(name)) throw new SealError("usage", "keys of other programs cannot be used");
    if (kindOf(name)) return [kind === "recipient" ? parseRecipient(name) : await parseSigner(name)];
    if (!isPath(name)) throw unknownName(name, kind);
    return parsePublicKeys(await readText(name, signal), kind);
  });
}

const OTHER_PROGRAMS = /^(ssh-|ecdsa-sha2-|sk-|age1)/i;
/** Kept for groups of contacts and for kinds of keys to come. */
const RESERVED = /^(any$|@|[a-z0-9]+:)/;

function isPath(name: string): boolean {
  return name.includes("/") || (process.platform === "win32" && name.includes("\\")) || name.endsWith(".pub");
}

function unknownName(name: string, kind: string): SealError {
  if (RESERVED.test(name)) return new SealError("usage", "a reserved word, which cannot be used here");
  const begins = kind === "recipient" ? "seal1" : "sealsig1";
  if (name.endsWith(".key")) {
    const hint = `Public keys stand in ${name.replace(/\.key$/, ".pub")}.`;
    return new SealError("usage", "an identity file is secret, and names nobody", { hint });
  }
  return new SealError("usage", "no contact of that name", {
    hint: `Give a key (${begins}…), or the path of a public key file (with a "/" in it, or ending in .pub).`,
  });
}

/** A text file of bounded size, `-` for stdin. Throws `io`, `usage`, the signal's reason. */
export async function readText(path: string, signal: AbortSignal): Promise<string> {
  if (await isDirectory(path)) throw new SealError("io", "it is a directory");
  const source = path === "-" ? stdinSource() : await openSource(path, "it");
  try {
    const bytes = await abortable(source.read(MAX_KEY_FILE + 1), signal);
    if (bytes.length > MAX_KEY_FILE) throw new SealError("usage", "far too long for a key file");
    const text = fromUtf8(bytes);
    if (text === null) throw new SealError("usage", "not a text file");
    return text;
  } finally {
    await source.close();
  }
}

/** The identities that `--key` or `--sign` name, or the default one. Throws `usage`, `io`. */
export async function loadIdentities(
  suite: Suite,
  flag: string,
  paths: readonly string[],
  context: Context,
): Promise<IdentityFile[]> {
  const identities: IdentityFile[] = [];
  for (const path of paths.length > 0 ? paths : [await defaultIdentity(flag)]) {
    identities.push(await loadIdentity(suite, flag, path, context));
  }
  return identities;
}

async function loadIdentity(suite: Suite, flag: string, path: string, context: Context): Promise<IdentityFile> {
  if (kindOf(path.trim()) === "secret") {
    throw new SealError("usage", `${flag} takes the path of an identity file, not the secret itself`, {
      hint: "Everybody on this machine can read a command line. Treat this key as lost, and make a new one.",
    });
  }
  return about(`${flag} ${path}`, async () => {
    const text = await readText(path, context.signal);
    const identity = await parseIdentityFile(suite, text, passphraseFor(path, context.signal));
    await warnIfOthersCanRead(path, context.report);
    return { ...identity, unlock: () => about(`${flag} ${path}`, identity.unlock) };
  });
}

/** Says of which thing an error is. */
export async function about<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealError) || error.code === "interrupted") throw error;
    throw new SealError(error.code, `${what}: ${error.message}`, { hint: error.hint, cause: error.cause });
  }
}

async function defaultIdentity(flag: string): Promise<string> {
  const path = defaultIdentityPath();
  try {
    await stat(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw ioError(`cannot read ${path}`, error);
    throw new SealError("usage", `no ${flag} is given, and there is no default identity`, {
      hint: `Make one with "seal keygen" (it writes ${path}), or name an identity file with ${flag}.`,
    });
  }
}

async function warnIfOthersCanRead(path: string, report: Report): Promise<void> {
  if (path === "-" || process.platform === "win32") return;
  const { mode } = await stat(path).catch((error) => {
    throw ioError("cannot read it", error);
  });
  if (mode & 0o077) report.note(`warning: ${path} can be read by others on this machine: chmod 600 ${path}`);
}

/** Once from the file that SEAL_PASSPHRASE_FILE names, where it is set; else from the terminal, three times. */
function passphraseFor(path: string, signal: AbortSignal): AskPassphrase {
  return async (attempt) => {
    const fromFile = await passphraseFromFile(signal);
    if (fromFile !== null) return attempt === 0 ? fromFile : null;
    const again = attempt > 0 ? "Wrong passphrase. " : "";
    const typed = await askHidden(`${again}Passphrase of ${escaped(basename(path))}: `, signal);
    if (typed === null && attempt === 0) throw noTerminal();
    return typed;
  };
}

function noTerminal(): SealError {
  return new SealError("no-key", "a passphrase is needed, and there is no terminal to ask for it", {
    hint: "Name a file that holds it in SEAL_PASSPHRASE_FILE.",
  });
}

/** A new passphrase, asked for twice. Throws `usage`. */
export async function newPassphrase(signal: AbortSignal): Promise<string> {
  const fromFile = await passphraseFromFile(signal);
  const passphrase = fromFile ?? (await askHidden("New passphrase: ", signal));
  if (passphrase === null) throw noTerminal();
  if (passphrase === "") throw new SealError("usage", "the passphrase is empty");
  if (fromFile === null && (await askHidden("The same again: ", signal)) !== passphrase) {
    throw new SealError("usage", "the two passphrases differ");
  }
  return passphrase;
}

/** The passphrase for scripts, less one trailing newline; null where none is set. Throws `io`. */
async function passphraseFromFile(signal: AbortSignal): Promise<string | null> {
  const path = process.env.SEAL_PASSPHRASE_FILE;
  if (!path) return null;
  const text = await about(`SEAL_PASSPHRASE_FILE ${path}`, () => readText(path, signal));
  return text.replace(/\r?\n$/, "");
}
