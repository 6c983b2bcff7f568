// Public key files (docs/FORMAT.md, "Keys as text").

import type { Bytes } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { IdentityKeys } from "./identity.js";
import { BEGIN } from "./protected.js";
import {
  type KeyKind,
  keyKind,
  linesOf,
  ofLine,
  type PublicKind,
  parseRecipient,
  parseSigner,
  trimmed,
} from "./text.js";

/** The text of a public key file. */
export function formatPublicKeys({ recipient, signer }: Pick<IdentityKeys, "recipient" | "signer">): string {
  const uses = [recipient && "to seal for this recipient", signer && "to know what this sender signed"].filter(Boolean);
  const keys = [recipient, signer].filter((key) => key !== null);
  return [`# seal public keys: ${uses.join(", and ")}`, ...keys, ""].join("\n");
}

function foreignKey(line: string): string | undefined {
  const isForeign = /^(ssh-|ecdsa-sha2-|sk-|age1)/i.test(line);
  return isForeign ? "It looks like another program's key, which cannot be used." : undefined;
}

/**
 * Parses a public key file. Only the kind that is wanted is checked and given. Throws `usage`, naming the line, also
 * where there is no key of that kind.
 */
export async function parsePublicKeys(suite: Suite, text: string, kind: PublicKind): Promise<Bytes[]> {
  const keys: Bytes[] = [];
  for (const line of publicKeyLines(text)) if (line.kind === kind) keys.push(await keyOf(suite, line));
  if (keys.length === 0) throw new SealError("usage", `no ${kind} key in it`);
  return keys;
}

/**
 * Parses a public key file; all its keys, checked, as text. Throws `usage`, naming the line, also where there is none.
 */
export async function parseAllPublicKeys(
  suite: Suite,
  text: string,
): Promise<{ recipients: string[]; signers: string[] }> {
  const lines = publicKeyLines(text);
  if (lines.length === 0) throw new SealError("usage", "no key in it");
  for (const line of lines) await keyOf(suite, line);
  const texts = (kind: KeyKind) => lines.filter((line) => line.kind === kind).map(({ line }) => line);
  return { recipients: texts("recipient"), signers: texts("signer") };
}

interface PublicKeyLine {
  readonly kind: PublicKind;
  readonly line: string;
  readonly index: number;
}

async function keyOf(suite: Suite, { kind, line, index }: PublicKeyLine): Promise<Bytes> {
  try {
    return kind === "recipient" ? parseRecipient(suite, line) : await parseSigner(line);
  } catch (error) {
    throw ofLine(index, error);
  }
}

function publicKeyLines(text: string): PublicKeyLine[] {
  const found: PublicKeyLine[] = [];
  for (const [index, raw] of linesOf(text).entries()) {
    const line = trimmed(raw);
    if (line === "" || line.startsWith("#")) continue;
    const kind = keyKind(line);
    if (kind === "secret" || line === BEGIN) throw new SealError("usage", "this is a secret identity, not public keys");
    if (kind === null)
      throw new SealError("usage", `line ${index + 1} is not a public key`, { hint: foreignKey(line) });
    found.push({ kind, line, index });
  }
  return found;
}
