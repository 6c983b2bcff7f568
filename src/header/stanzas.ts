// The file key for each recipient (docs/FORMAT.md, "Stanzas" and "Keys of a file").

import { concat, toHex } from "../bytes.js";
import { hpkeSeal } from "../crypto/hpke.js";
import { type KemName, kemOf } from "../crypto/kem.js";
import { loadKem } from "../crypto/kems.js";
import type { Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { pacer } from "../flow/turns.js";
import { recipientInfo } from "../format/header.js";
import { MAX_STANZAS, STANZA_PASSPHRASE, STANZA_X25519, STANZA_XWING, type Stanza } from "../format/stanza.js";
import { encodeRecipient } from "../keys/text.js";
import { passphraseStanza } from "./passphrase.js";

const STANZA_TYPE: Readonly<Record<KemName, number>> = { x25519: STANZA_X25519, xwing: STANZA_XWING };

/** The KEM of a stanza's type; null where it is unknown. */
export function kemOfStanza(type: number): KemName | null {
  if (type === STANZA_X25519) return "x25519";
  return type === STANZA_XWING ? "xwing" : null;
}

/** What a stanza's type is called: by its KEM, or as what opens it; where it is unknown, by its number. */
export function stanzaName(type: number): KemName | "passphrase" | number {
  return type === STANZA_PASSPHRASE ? "passphrase" : (kemOfStanza(type) ?? type);
}

/** Whom a file is for. */
export interface Addressees {
  /** Valid public keys of one kind, of X25519 (32 bytes) or of X-Wing (1216); one named twice is sealed to once. */
  readonly recipients: readonly Uint8Array[];
  /** Beside post-quantum recipients, or alone. It stays the caller's, to be erased. */
  readonly passphrase?: Secret | null | undefined;
}

/**
 * One stanza for each distinct recipient, and for the passphrase, in random order: the order must not tell who is who.
 * Throws `usage` where there is nobody, more than 4096, or some of either kind (reason `mixed-recipients`, with the
 * classic ones' texts); the signal's reason. Without `forgets`, what is left of ephemeral keys is the caller's to have
 * collected.
 */
export async function makeStanzas(
  suite: Suite,
  { recipients, passphrase = null }: Addressees,
  fileKey: Secret,
  coreHash: Uint8Array,
  signal?: AbortSignal,
  forgets = true,
): Promise<Stanza[]> {
  const distinct = [...new Map(recipients.map((key) => [toHex(key), key])).values()];
  const count = distinct.length + Number(passphrase !== null);
  if (count === 0) throw new SealError("usage", "no recipient");
  if (count > MAX_STANZAS) {
    throw new SealError("usage", `${count} recipients; at most ${MAX_STANZAS} are allowed`);
  }
  refuseMixed(suite, distinct, passphrase !== null);
  const stanzas = await keyStanzas(suite, distinct, fileKey, coreHash, signal).finally(
    // An ephemeral secret opens its stanza as the recipient's does.
    async () => {
      if (forgets) await suite.forget();
    },
  );
  if (passphrase) stanzas.push(await passphraseStanza(suite, passphrase, fileKey, coreHash));
  return shuffled(suite, stanzas);
}

async function keyStanzas(
  suite: Suite,
  recipients: readonly Uint8Array[],
  fileKey: Secret,
  coreHash: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Stanza[]> {
  const stanzas: Stanza[] = [];
  if (recipients.length === 0) return stanzas;
  const kem = await loadKem(suite, kemOf(recipients[0]!));
  const info = recipientInfo(coreHash);
  const pace = pacer(signal);
  for (const recipient of recipients) {
    const { enc, ciphertext } = hpkeSeal(suite, kem, recipient, info, fileKey);
    stanzas.push({ type: STANZA_TYPE[kem.name], body: concat(enc, ciphertext) });
    await pace();
  }
  return stanzas;
}

/** Who breaks X25519 has the file key from a classic stanza, whatever stands beside it. */
function refuseMixed(suite: Suite, recipients: readonly Uint8Array[], hasPassphrase: boolean): void {
  const classic = recipients.filter((key) => kemOf(key) === "x25519");
  if (classic.length === 0 || (classic.length === recipients.length && !hasPassphrase)) return;
  const message = hasPassphrase
    ? "a passphrase does not go together with classic keys"
    : "some recipients have post-quantum keys and others classic ones";
  throw new SealError("usage", message, {
    reason: "mixed-recipients",
    recipients: classic.map((key) => encodeRecipient(suite, key)),
  });
}

/** Fisher and Yates; 32 random bits leave a bias below 2^-19 for 4096 items. */
function shuffled<T>(suite: Suite, items: readonly T[]): T[] {
  const out = [...items];
  if (out.length < 2) return out;
  const random = new DataView(suite.randomBytes(4 * out.length).buffer);
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.getUint32(4 * i) % (i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
