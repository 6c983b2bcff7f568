// Passphrases: from the file that SEAL_PASSPHRASE_FILE names, or from whoever sits at the terminal.

import { basename } from "node:path";
import { equal, isUtf8 } from "../../bytes.js";
import type { Suite } from "../../crypto/index.js";
import { copySecret, erase, partOf, type Secret } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";
import type { AskPassphrase } from "../../keys/identity.js";
import { madeUp } from "../../keys/passphrase.js";
import { askHidden, showOnTerminal } from "../say/ask.js";
import { escaped } from "../say/escape.js";
import { pathVariable } from "./places.js";
import { about, readSecret } from "./read.js";

/** Whether the file's passphrase was tried on an identity. */
let unlocksIdentities = false;

/**
 * Once from the file that SEAL_PASSPHRASE_FILE names, where it is set; else from the terminal, three times. A file's is
 * taken as it is; where it does not fit and there is something odd about it, that is said.
 */
export function passphraseFor(path: string, signal: AbortSignal): AskPassphrase {
  // Of a file's passphrase, which whoever asked for it erases, only what is odd about it is kept.
  let odd: Odd | null = null;
  return async (attempt) => {
    if (attempt === 0) {
      const file = await passphraseFile(signal);
      if (file) {
        unlocksIdentities = true;
        odd = { name: file.name, fault: faultOf(file.passphrase) };
        return file.passphrase;
      }
    }
    if (odd) return refuseOdd(odd);
    const again = attempt > 0 ? "Wrong passphrase. " : "";
    return ask(`${again}Passphrase of ${escaped(basename(path))}: `, signal);
  };
}

let asking: Promise<unknown> = Promise.resolve();

/**
 * The passphrase of a sealed file: from the file that SEAL_PASSPHRASE_FILE names, where it is set; else from the
 * terminal, one file after the other. Throws `no-key` where nobody can be asked.
 */
export function filePassphrase(name: string, signal: AbortSignal): () => Promise<Secret> {
  return () => {
    const asked = asking.then(async () => {
      const file = await passphraseFile(signal);
      const shown = name === "-" ? "standard input" : escaped(basename(name));
      return file ? file.passphrase : ask(`Passphrase of ${shown}: `, signal);
    });
    asking = asked.catch(() => {});
    return asked;
  };
}

/**
 * A new passphrase for files, asked for twice; where nothing is typed, one is made up, and shown on the terminal alone.
 * Throws as `newPassphrase`.
 */
export async function newFilePassphrase(suite: Suite, signal: AbortSignal): Promise<Secret> {
  if (unlocksIdentities)
    throw new SealError("usage", "the passphrase in SEAL_PASSPHRASE_FILE is that of an identity, and no file's", {
      hint: "Whoever has the file could guess the identity's. Give --sign an identity without a passphrase.",
    });
  return newPassphrase(signal, "New passphrase (nothing, to have one made up): ", async () => {
    const passphrase = madeUp(suite);
    return kept(passphrase, async () =>
      showOnTerminal("Keep this passphrase (91 bits; it is not shown again): ", passphrase),
    );
  });
}

/**
 * A new passphrase, asked for twice. Throws `usage` for one that nobody could type; `no-key` where nobody can be asked.
 */
export async function newPassphrase(
  signal: AbortSignal,
  prompt = "New passphrase: ",
  makeUp?: () => Promise<Secret>,
): Promise<Secret> {
  const file = await passphraseFile(signal);
  if (file) return kept(file.passphrase, async () => refuseFault(file));
  const passphrase = await ask(prompt, signal);
  if (passphrase.length === 0 && makeUp) return makeUp();
  return kept(passphrase, async () => {
    if (passphrase.length === 0) throw new SealError("usage", "the passphrase is empty");
    const again = await ask("The same again: ", signal);
    const isSame = equal(again, passphrase);
    erase(again);
    if (!isSame) throw new SealError("usage", "the two passphrases differ");
  });
}

/** The passphrase, if the check goes well; if it throws, the passphrase is erased. */
async function kept(passphrase: Secret, check: () => Promise<void>): Promise<Secret> {
  try {
    await check();
    return passphrase;
  } catch (error) {
    erase(passphrase);
    throw error;
  }
}

/** Throws `usage` for a passphrase that nobody could type. */
function refuseFault({ name, passphrase }: PassphraseFile): void {
  const fault = faultOf(passphrase);
  if (fault) throw new SealError("usage", `${name}: the passphrase in it ${fault}`, { hint: FILE_HINT });
}

interface PassphraseFile {
  /** What messages call it. */
  readonly name: string;
  readonly passphrase: Secret;
}

/** The file of a passphrase, and what is odd about that. */
interface Odd {
  readonly name: string;
  readonly fault: string | null;
}

/** Says what is odd about a passphrase that did not fit. */
function refuseOdd({ name, fault }: Odd): null {
  if (fault) throw new SealError("no-key", "wrong passphrase", { hint: `The passphrase in ${name} ${fault}.` });
  return null;
}

const FILE_HINT = "It must be one line of UTF-8 text without a byte order mark; a final line break is ignored.";

const [LF, CR] = [0x0a, 0x0d];

/** What no terminal gives, or what an editor has put there unseen; null where there is nothing of it. */
function faultOf(passphrase: Secret): string | null {
  if (passphrase.length === 0) return "is empty";
  if (!isUtf8(passphrase)) return "is not UTF-8";
  if (passphrase[0] === 0xef && passphrase[1] === 0xbb && passphrase[2] === 0xbf)
    return "begins with a byte order mark (BOM)";
  if (passphrase.some((byte) => byte === LF || byte === CR)) return "has more than one line";
  return passphrase.some((byte, i) => isControl(byte, passphrase[i + 1])) ? "has a control character" : null;
}

/** Whether a character of UTF-8 that begins with these two bytes is a control character. */
function isControl(first: number, second = 0): boolean {
  return first < 0x20 || first === 0x7f || (first === 0xc2 && second < 0xa0);
}

/** Throws `no-key` where there is nobody to ask, or nothing is answered. */
async function ask(prompt: string, signal: AbortSignal): Promise<Secret> {
  const answer = await askHidden(prompt, signal);
  if (answer.is === "line") return answer.line;
  const message =
    answer.is === "nothing"
      ? "no passphrase was given: the input was ended (Ctrl-D)"
      : "a passphrase is needed, and there is no terminal to ask for it";
  throw new SealError("no-key", message, { hint: "Name a file that holds it in SEAL_PASSPHRASE_FILE." });
}

/** The passphrase for scripts, less one trailing newline; null where none is set. Throws `io`. */
async function passphraseFile(signal: AbortSignal): Promise<PassphraseFile | null> {
  const path = pathVariable("SEAL_PASSPHRASE_FILE");
  if (!path) return null;
  const name = `SEAL_PASSPHRASE_FILE ${path}`;
  const file = await about(name, () => readSecret(path, signal));
  const passphrase = copySecret(withoutLineEnd(file));
  erase(file);
  return { name, passphrase };
}

function withoutLineEnd(file: Secret): Secret {
  if (file.at(-1) !== LF) return file;
  return partOf(file, 0, file.length - (file.at(-2) === CR ? 2 : 1));
}
