// A secret line under a passphrase (docs/FORMAT.md, "Protected identities").

import { base64 } from "@scure/base";
import { type Bytes, concat, fromUtf8, utf8 } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { AskPassphrase } from "./identity.js";

export const BEGIN = "-----BEGIN SEAL PROTECTED IDENTITY-----";
export const END = "-----END SEAL PROTECTED IDENTITY-----";

const VERSION = 1;
const SALT_BYTES = 16;
const SECRET_LINE_BYTES = 127;
const BLOCK_BYTES = 1 + SALT_BYTES + SECRET_LINE_BYTES + 16;
/** The key is fresh with each salt, so a fixed nonce is used once. */
const NONCE = new Uint8Array(12);
const ATTEMPTS = 3;

/** The armoured block, with a fresh salt, ending in a line feed. */
export async function protect(suite: Suite, secretLine: string, passphrase: string): Promise<string> {
  const head = concat(Uint8Array.of(VERSION), suite.randomBytes(SALT_BYTES));
  const key = await keyOf(suite, passphrase, head);
  const sealed = suite.aeadSeal(key, NONCE, utf8(secretLine), associatedData(head));
  key.fill(0);
  return `${BEGIN}\n${inLines(concat(head, sealed))}\n${END}\n`;
}

/**
 * The secret line of a block (the lines between its ends). Asks up to three times.
 * Throws `usage` for a malformed block, `no-key` where no passphrase fits.
 */
export async function unprotect(suite: Suite, block: string, ask: AskPassphrase): Promise<string> {
  const bytes = parseBlock(block);
  const head = bytes.subarray(0, 1 + SALT_BYTES);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await ask(attempt);
    if (passphrase === null) break;
    const key = await keyOf(suite, passphrase, head);
    const plain = suite.aeadOpen(key, NONCE, bytes.subarray(head.length), associatedData(head));
    key.fill(0);
    const line = plain && fromUtf8(plain);
    plain?.fill(0);
    if (line) return line;
  }
  throw new SealError("no-key", "wrong passphrase");
}

function parseBlock(block: string): Bytes {
  const bytes = decodeBase64(block.replaceAll("\n", ""));
  if (bytes?.length !== BLOCK_BYTES || inLines(bytes) !== block) {
    throw new SealError("usage", "the protected block of the identity file is damaged");
  }
  if (bytes[0] !== VERSION) {
    throw new SealError("usage", `version ${bytes[0]} of protected identity, which this program does not know`);
  }
  return bytes;
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

async function keyOf(suite: Suite, passphrase: string, head: Uint8Array): Promise<Bytes> {
  const bytes = utf8(passphrase.normalize("NFC"));
  const key = await suite.scrypt(bytes, head.subarray(1));
  bytes.fill(0);
  return key;
}
