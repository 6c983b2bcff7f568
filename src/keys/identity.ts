// Identity files and public key files (docs/FORMAT.md, "Keys as text").

import type { Bytes } from "../bytes.js";
import type { AgreementKey, SigningKey, Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { BEGIN, END, protect, unprotect } from "./protected.js";
import {
  encodeRecipient,
  encodeSecret,
  encodeSigner,
  type KeyKind,
  kindOf,
  parseRecipient,
  parseSecret,
  parseSigner,
  trimmed,
} from "./text.js";

/** A secret key, ready for use: it receives with the X25519 half and signs with the Ed25519 half. */
export interface Identity extends AgreementKey {
  readonly signingKey: SigningKey;
  /** `seal1…` */
  readonly recipient: string;
  /** `sealsig1…` */
  readonly signer: string;
}

/** Gives the passphrase of a protected identity, or null to give up; `attempt` counts from 0. */
export type AskPassphrase = (attempt: number) => Promise<string | null>;

/** A parsed identity file. What it accepts is known before its secret is unlocked. */
export interface IdentityFile {
  /** The senders of its accept lines: Ed25519 public keys. */
  readonly accept: readonly Bytes[];
  readonly isProtected: boolean;
  /** The identity, unlocked once and remembered. Throws `no-key` where no passphrase that was given fits. */
  unlock(): Promise<Identity>;
}

/** The secret line of a fresh identity. */
export function generateSecret(suite: Suite): string {
  return encodeSecret({ x25519Secret: suite.randomBytes(32), ed25519Seed: suite.randomBytes(32) });
}

/** The identity of a secret line. Throws `usage`. */
export function identityOf(suite: Suite, secretLine: string): Identity {
  const { x25519Secret, ed25519Seed } = parseSecret(secretLine);
  const signingKey = suite.signingKey(ed25519Seed);
  ed25519Seed.fill(0);
  const agreementKey = suite.agreementKey(x25519Secret);
  x25519Secret.fill(0);
  return {
    ...agreementKey,
    signingKey,
    recipient: encodeRecipient(agreementKey.publicKey),
    signer: encodeSigner(signingKey.publicKey),
  };
}

/**
 * Parses an identity file. Throws `usage`, naming the line; no message shows what stands in it. `ask` is called only by `unlock`.
 */
export async function parseIdentityFile(suite: Suite, text: string, ask: AskPassphrase): Promise<IdentityFile> {
  const { secrets, block, accept } = await readLines(text);
  if (secrets.length + (block === null ? 0 : 1) !== 1) {
    const found = secrets.length === 0 ? "no secret key" : "more than one secret key";
    throw new SealError("usage", `${found} in the identity file`);
  }
  let identity: Identity | null = null;
  return {
    accept,
    isProtected: block !== null,
    unlock: async () => {
      identity ??= identityOf(suite, block === null ? secrets[0]! : await unprotect(suite, block, ask));
      return identity;
    },
  };
}

function linesOf(text: string): string[] {
  return text.split("\n").map(trimmed);
}

interface Lines {
  secrets: string[];
  block: string | null;
  accept: Bytes[];
}

async function readLines(text: string): Promise<Lines> {
  const lines = linesOf(text);
  const found: Omit<Lines, "accept"> = { secrets: [], block: null };
  const accept = new Map<string, Bytes>();
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "" || line.startsWith("#")) continue;
    if (/^accept[ \t]/.test(line)) {
      const accepted = trimmed(line.slice("accept".length));
      accept.set(accepted, accept.get(accepted) ?? (await onLine(i, () => parseSigner(accepted))));
    } else if (kindOf(line) === "secret") {
      await onLine(i, () => parseSecret(line));
      found.secrets.push(line);
    } else if (line === BEGIN && found.block === null) {
      const end = lines.indexOf(END, i);
      if (end === -1) throw new SealError("usage", "the protected block of the identity file has no end");
      found.block = lines.slice(i + 1, end).join("\n");
      i = end;
    } else {
      throw new SealError("usage", `line ${i + 1} of the identity file is none that belongs there`, {
        hint: notAnIdentity(text),
      });
    }
  }
  return { ...found, accept: [...accept.values()] };
}

/** A hint where something else than an identity was given. */
function notAnIdentity(text: string): string | undefined {
  const holdsPublicKeys = /^[ \t]*seal(sig)?1/m.test(text);
  return holdsPublicKeys ? "This looks like a public key file; the identity is the .key file beside it." : undefined;
}

async function onLine<T>(index: number, parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    // Stryker disable next-line ConditionalExpression: anything else is a bug of the program's, which no test has at hand.
    if (!(error instanceof SealError)) throw error;
    throw new SealError(error.code, `line ${index + 1}: ${error.message}`, { hint: error.hint });
  }
}

export interface IdentityText {
  /** Ed25519 public keys for the accept lines. */
  readonly accept: readonly Uint8Array[];
  /** For a protected identity. */
  readonly passphrase?: string | undefined;
  /** Unix milliseconds, for a comment. */
  readonly now: number;
}

/** The text of an identity file. */
export async function formatIdentity(suite: Suite, secretLine: string, options: IdentityText): Promise<string> {
  const { recipient, signer } = identityOf(suite, secretLine);
  const secret =
    options.passphrase === undefined ? `${secretLine}\n` : await protect(suite, secretLine, options.passphrase);
  const accept = options.accept.map((key) => `accept ${encodeSigner(key)}\n`).join("");
  return [
    "# seal identity: keep this file secret\n",
    `# created ${new Date(options.now).toISOString()}\n`,
    `# recipient ${recipient}\n`,
    `# signer    ${signer}\n`,
    secret,
    accept && "# files of these senders are opened\n",
    accept,
  ].join("");
}

/** The text of a public key file. */
export function formatPublicKeys({ recipient, signer }: Pick<Identity, "recipient" | "signer">): string {
  return `# seal public keys: to seal for this recipient, and to know what this sender signed\n${recipient}\n${signer}\n`;
}

function foreignKey(line: string): string | undefined {
  const isForeign = /^(ssh-|ecdsa-sha2-|sk-|age1)/i.test(line);
  return isForeign ? "It looks like another program's key, which cannot be used." : undefined;
}

/**
 * Parses a public key file. Only the kind that is wanted is checked and given. Throws `usage`, naming the line, also where there is no
 * key of that kind.
 */
export async function parsePublicKeys(text: string, kind: "recipient" | "signer"): Promise<Bytes[]> {
  const keys: Bytes[] = [];
  for (const line of publicKeyLines(text)) if (line.kind === kind) keys.push(await keyOf(line));
  if (keys.length === 0) throw new SealError("usage", `no ${kind} key in it`);
  return keys;
}

/** Parses a public key file; all its keys, checked, as text. Throws `usage`, naming the line, also where there is none. */
export async function parseAllPublicKeys(text: string): Promise<{ recipients: string[]; signers: string[] }> {
  const lines = publicKeyLines(text);
  if (lines.length === 0) throw new SealError("usage", "no key in it");
  for (const line of lines) await keyOf(line);
  const texts = (kind: KeyKind) => lines.filter((line) => line.kind === kind).map(({ line }) => line);
  return { recipients: texts("recipient"), signers: texts("signer") };
}

interface PublicKeyLine {
  readonly kind: "recipient" | "signer";
  readonly line: string;
  readonly index: number;
}

function keyOf({ kind, line, index }: PublicKeyLine): Promise<Bytes> {
  return onLine(index, () => (kind === "recipient" ? parseRecipient(line) : parseSigner(line)));
}

function publicKeyLines(text: string): PublicKeyLine[] {
  const found: PublicKeyLine[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const kind = kindOf(line);
    if (kind === "secret" || line === BEGIN) throw new SealError("usage", "this is a secret identity, not public keys");
    if (kind === null)
      throw new SealError("usage", `line ${index + 1} is not a public key`, { hint: foreignKey(line) });
    found.push({ kind, line, index });
  }
  return found;
}
