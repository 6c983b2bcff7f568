// From what stands on the command line to keys: recipients, senders, identities.

import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Bytes, fromUtf8 } from "../bytes.js";
import type { Suite } from "../crypto/index.js";
import { ioError, SealError } from "../errors.js";
import { type AskPassphrase, type IdentityFile, parseIdentityFile, parsePublicKeys } from "../keys/identity.js";
import { type KeyKind, kindOf, parseRecipient, parseSigner } from "../keys/text.js";
import { escaped } from "./escape.js";
import { defaultIdentityPath } from "./places.js";
import type { Report } from "./report.js";
import { askHidden } from "./terminal.js";

/** No key file that anybody writes comes near to this. */
const MAX_KEY_FILE = 1024 * 1024;

/** The X25519 public keys that `--to` names. Throws `usage`, `io`. */
export async function resolveRecipients(names: readonly string[]): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--to", "recipient")))).flat();
}

/** The Ed25519 public keys that `--from` names. Throws `usage`, `io`. */
export async function resolveSigners(names: readonly string[]): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--from", "signer")))).flat();
}

async function resolve(name: string, flag: string, kind: Exclude<KeyKind, "secret">): Promise<Bytes[]> {
  try {
    if (kindOf(name)) return [kind === "recipient" ? parseRecipient(name) : await parseSigner(name)];
    if (!isPath(name)) throw unknownName(name, kind);
    return await parsePublicKeys(await readText(name), kind);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    // A key's own text is not repeated: it may be a secret that was pasted in the wrong place.
    const what = kindOf(name) ? flag : `${flag} ${name}`;
    throw new SealError(error.code, `${what}: ${error.message}`, { hint: error.hint, cause: error.cause });
  }
}

function isPath(name: string): boolean {
  return name.includes("/") || (process.platform === "win32" && name.includes("\\")) || name.endsWith(".pub");
}

function unknownName(name: string, kind: string): SealError {
  if (/^(ssh-|age1)/i.test(name)) return new SealError("usage", "keys of other programs cannot be used");
  if (name === "any") return new SealError("usage", '"any" cannot be used here: name the keys');
  const begins = kind === "recipient" ? "seal1" : "sealsig1";
  if (name.endsWith(".key")) {
    const hint = `Public keys stand in ${name.replace(/\.key$/, ".pub")}.`;
    return new SealError("usage", "an identity file is secret, and names nobody", { hint });
  }
  return new SealError("usage", "no contact of that name", {
    hint: `Give a key (${begins}…), or the path of a public key file (with a "/" in it, or ending in .pub).`,
  });
}

/** A text file of bounded size, `-` for stdin. Throws `io`, `usage`. */
async function readText(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const add = (chunk: Uint8Array) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_KEY_FILE) throw new SealError("usage", "far too long for a key file");
  };
  try {
    if (path === "-") for await (const chunk of process.stdin) add(chunk);
    else {
      await using file = await open(path, "r");
      for await (const chunk of file.createReadStream({ autoClose: false })) add(chunk);
    }
  } catch (error) {
    throw error instanceof SealError ? error : ioError("cannot read it", error);
  }
  const text = fromUtf8(Buffer.concat(chunks));
  if (text === null) throw new SealError("usage", "not a text file");
  return text;
}

/** The identities that `--key` or `--sign` name, or the default one. Throws `usage`, `io`. */
export async function loadIdentities(
  suite: Suite,
  flag: string,
  paths: readonly string[],
  report: Report,
): Promise<IdentityFile[]> {
  const identities: IdentityFile[] = [];
  for (const path of paths.length > 0 ? paths : [await defaultIdentity(flag)]) {
    identities.push(await loadIdentity(suite, flag, path, report));
  }
  return identities;
}

async function loadIdentity(suite: Suite, flag: string, path: string, report: Report): Promise<IdentityFile> {
  if (kindOf(path) === "secret") {
    throw new SealError("usage", `${flag} takes the path of an identity file, not the secret itself`, {
      hint: "Everybody on this machine can read a command line. Treat this key as lost, and make a new one.",
    });
  }
  try {
    const identity = await parseIdentityFile(suite, await readText(path), passphraseFor(path));
    await warnIfOthersCanRead(path, report);
    return identity;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new SealError(error.code, `${flag} ${path}: ${error.message}`, { hint: error.hint, cause: error.cause });
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
function passphraseFor(path: string): AskPassphrase {
  return async (attempt) => {
    const fromFile = await passphraseFromFile();
    if (fromFile !== null) return attempt === 0 ? fromFile : null;
    const typed = await askHidden(
      `${attempt > 0 ? "Wrong passphrase. " : ""}Passphrase of ${escaped(basename(path))}: `,
    );
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
export async function newPassphrase(): Promise<string> {
  const fromFile = await passphraseFromFile();
  const passphrase = fromFile ?? (await askHidden("New passphrase: "));
  if (passphrase === null) throw noTerminal();
  if (passphrase === "") throw new SealError("usage", "the passphrase is empty");
  if (fromFile === null && (await askHidden("The same again: ")) !== passphrase) {
    throw new SealError("usage", "the two passphrases differ");
  }
  return passphrase;
}

/** The passphrase for scripts, less one trailing newline; null where none is set. Throws `io`. */
async function passphraseFromFile(): Promise<string | null> {
  const path = process.env.SEAL_PASSPHRASE_FILE;
  if (!path) return null;
  try {
    return (await readText(path)).replace(/\r?\n$/, "");
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new SealError(error.code, `SEAL_PASSPHRASE_FILE ${path}: ${error.message}`, { cause: error.cause });
  }
}
