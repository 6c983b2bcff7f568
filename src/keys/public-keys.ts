// Public key files (docs/FORMAT.md, "Keys as text").

import type { Bytes } from "../bytes.js";
import { montgomeryOf } from "../crypto/montgomery.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { NewKeys } from "./contacts-edit.js";
import type { IdentityKeys } from "./identity.js";
import { BEGIN } from "./protected.js";
import { BEGIN_SSH } from "./ssh/kinds.js";
import { isSshLine, keyOfSshLine, refuseHostLine, type SshDemands } from "./ssh/lines.js";
import { encodeSshKey } from "./ssh/public.js";
import { keyKind, linesOf, ofLine, type PublicKind, parseRecipient, parseSigner, trimmed } from "./text.js";

/** The text of a public key file. */
export function formatPublicKeys({ recipient, signer }: Pick<IdentityKeys, "recipient" | "signer">): string {
  const uses = [recipient && "to seal for this recipient", signer && "to know what this sender signed"].filter(Boolean);
  const keys = [recipient, signer].filter((key) => key !== null);
  return [`# seal public keys: ${uses.join(", and ")}`, ...keys, ""].join("\n");
}

function foreignKey(line: string): string | undefined {
  return /^age1/i.test(line) ? "It looks like another program's key, which cannot be used." : undefined;
}

/**
 * Parses a file of public keys, of this program's or of ssh's. Only the kind that is wanted is checked and given. Of
 * signers, those of ssh are passed over that are of no use here or now: nobody more is accepted by that. With a
 * principal, only lines that name one count. Throws `usage`, naming the line, also where there is no key of that kind,
 * and for a file of hosts.
 */
export async function parsePublicKeys(
  suite: Suite,
  text: string,
  kind: PublicKind,
  ssh: SshDemands = {},
): Promise<Bytes[]> {
  const use = { now: Date.now(), ...ssh, kind };
  const keys: Bytes[] = [];
  let passedOver: unknown = null;
  for (const line of publicKeyLines(text, ssh)) {
    if (line.kind !== "ssh" && (line.kind !== use.kind || use.principal !== undefined)) continue;
    try {
      const key = line.kind === "ssh" ? await keyOfSshLine(suite, line.line, use) : await keyOf(suite, line);
      if (key) keys.push(line.kind === "ssh" && use.kind === "recipient" ? montgomeryOf(key) : key);
    } catch (error) {
      if (line.kind !== "ssh" || use.kind === "recipient") throw ofLine(line.index, error);
      passedOver ??= ofLine(line.index, error);
    }
  }
  if (keys.length > 0) return keys;
  throw passedOver ?? new SealError("usage", `no ${use.kind} key in it${use.principal ? ` for ${use.principal}` : ""}`);
}

/**
 * Parses a public key file; all its keys, checked, as text. Where keys are read that were of use at any time, those of
 * other kinds of ssh's are passed over, which are of use at none. Throws `usage`, naming the line, also where there is
 * none.
 */
export async function parseAllPublicKeys(suite: Suite, text: string, ssh: SshDemands = {}): Promise<NewKeys> {
  const lines = publicKeyLines(text, ssh);
  if (lines.length === 0) throw new SealError("usage", "no key in it");
  const texts = { recipient: [] as string[], signer: [] as string[], ssh: [] as string[] };
  const use = { now: Date.now(), ...ssh, kind: "recipient" } as const;
  let passedOver: unknown = null;
  for (const line of lines) {
    try {
      const key = line.kind === "ssh" ? await keyOfSshLine(suite, line.line, use) : null;
      if (!key) await keyOf(suite, line);
      texts[line.kind].push(key ? encodeSshKey(key) : line.line);
    } catch (error) {
      if (!use.ever || (error as SealError).reason !== "ssh-kind") throw ofLine(line.index, error);
      passedOver ??= ofLine(line.index, error);
    }
  }
  if (passedOver && Object.values(texts).every(({ length }) => length === 0)) throw passedOver;
  return { recipients: texts.recipient, signers: texts.signer, ...(texts.ssh.length > 0 ? { ssh: texts.ssh } : {}) };
}

/** The one key of ssh's in a public key file, of which an agent may have the secret. Throws `usage`. */
export async function sshSignerIn(suite: Suite, text: string): Promise<Bytes> {
  if (!linesOf(text).some((line) => isSshLine(trimmed(line)))) {
    throw new SealError("usage", "this is a file of public keys, which sign nothing", {
      hint: "The secret is in the .key file beside it. Of a .pub file of ssh's, the ssh agent is asked.",
    });
  }
  const [key, ...more] = await parsePublicKeys(suite, text, "signer");
  if (more.length === 0) return key!;
  throw new SealError("usage", "more than one key, and one is to sign");
}

interface PublicKeyLine {
  readonly kind: PublicKind | "ssh";
  readonly line: string;
  readonly index: number;
}

async function keyOf(suite: Suite, { kind, line }: PublicKeyLine): Promise<Bytes> {
  return kind === "recipient" ? parseRecipient(suite, line) : parseSigner(suite, line);
}

function notOfHosts(line: string, index: number, ssh: SshDemands): void {
  try {
    refuseHostLine(line, ssh);
  } catch (error) {
    throw ofLine(index, error);
  }
}

function publicKeyLines(text: string, ssh: SshDemands): PublicKeyLine[] {
  const found: PublicKeyLine[] = [];
  for (const [index, raw] of linesOf(text).entries()) {
    const line = trimmed(raw);
    if (line === "" || line.startsWith("#")) continue;
    const kind = keyKind(line) ?? (isSshLine(line) ? "ssh" : null);
    if (kind === "secret" || line === BEGIN || line === BEGIN_SSH)
      throw new SealError("usage", "this is a secret identity, not public keys");
    if (kind === null)
      throw new SealError("usage", `line ${index + 1} is not a public key`, { hint: foreignKey(line) });
    if (kind === "ssh") notOfHosts(line, index, ssh);
    found.push({ kind, line, index });
  }
  return found;
}
