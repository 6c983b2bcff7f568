// Identity files that options name, and the passphrases that they need.

import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Suite } from "../crypto/index.js";
import { ioError, SealError } from "../errors.js";
import { type AskPassphrase, type IdentityFile, parseIdentityFile } from "../keys/identity.js";
import { kindOf } from "../keys/text.js";
import type { Context } from "./command.js";
import { escaped } from "./escape.js";
import { defaultIdentityPath } from "./places.js";
import { about, readText } from "./read.js";
import type { Report } from "./report.js";
import { askHidden } from "./terminal.js";

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
