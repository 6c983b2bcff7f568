// A secret line under a passphrase (docs/FORMAT.md, "Protected identities").

import { base64 } from "@scure/base";
import { type Bytes, concat, utf8 } from "../bytes.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { AskPassphrase } from "./identity.js";
import { isPassphrase, passphraseKey, SALT_BYTES, ZERO_NONCE } from "./passphrase.js";

export const BEGIN = "-----BEGIN SEAL PROTECTED IDENTITY-----";
export const END = "-----END SEAL PROTECTED IDENTITY-----";

const VERSION = 1;
const TAG_BYTES = 16;
/** The lengths of secret lines: with two keys, and with one. */
const SECRET_LINES = [127, 76];
const ATTEMPTS = 3;

/** The armoured block, with a fresh salt, ending in a line feed. */
export async function protect(suite: Suite, secretLine: Secret, passphrase: Secret): Promise<string> {
  const head = concat(Uint8Array.of(VERSION), suite.randomBytes(SALT_BYTES));
  const key = await passphraseKey(suite, passphrase, head.subarray(1));
  const sealed = suite.aeadSeal(key, ZERO_NONCE, secretLine, associatedData(head));
  erase(key);
  return `${BEGIN}\n${inLines(concat(head, sealed))}\n${END}\n`;
}

/**
 * What `use` makes of the secret line of a block (the lines between its ends), which is erased then. Asks up to three
 * times. Throws `usage` for a malformed block, `unsupported`, `no-key` where no passphrase fits.
 */
export async function unprotect<T>(
  suite: Suite,
  block: string,
  ask: AskPassphrase,
  use: (secretLine: Secret) => Promise<T>,
): Promise<T> {
  const bytes = parseBlock(block);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await ask(attempt);
    if (passphrase === null) break;
    const line = await openBlock(suite, bytes, passphrase);
    if (line === null) continue;
    try {
      return await use(line);
    } finally {
      erase(line);
    }
  }
  throw new SealError("no-key", "wrong passphrase");
}

/** The secret line, or null where the passphrase, which is erased, does not fit. */
async function openBlock(suite: Suite, bytes: Bytes, passphrase: Secret): Promise<Secret | null> {
  try {
    if (!isPassphrase(passphrase)) return null;
    const head = bytes.subarray(0, 1 + SALT_BYTES);
    const key = await passphraseKey(suite, passphrase, head.subarray(1));
    const line = suite.aeadOpen(key, ZERO_NONCE, bytes.subarray(head.length), associatedData(head));
    erase(key);
    return line;
  } finally {
    erase(passphrase);
  }
}

function parseBlock(block: string): Bytes {
  const bytes = decodeBase64(block.replaceAll("\n", ""));
  if (bytes === null || bytes.length === 0 || inLines(bytes) !== block) throw damaged();
  if (bytes[0] !== VERSION) {
    throw new SealError("unsupported", `version ${bytes[0]} of protected identity, which this program does not know`, {
      hint: "A newer seal has made it.",
    });
  }
  if (!SECRET_LINES.includes(bytes.length - 1 - SALT_BYTES - TAG_BYTES)) throw damaged();
  return bytes;
}

function damaged(): SealError {
  return new SealError("usage", "the protected block of the identity file is damaged");
}

function inLines(bytes: Uint8Array): string {
  return base64
    .encode(bytes)
    .match(/.{1,64}/g)!
    .join("\n");
}

function decodeBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(base64.decode(text));
    // Stryker disable next-line BlockStatement: undefined would be no block, too.
  } catch {
    return null;
  }
}

function associatedData(head: Uint8Array): Bytes {
  return concat(utf8("seal.v1 identity\0"), head);
}
