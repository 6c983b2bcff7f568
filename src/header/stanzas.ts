// The file key for each recipient (docs/FORMAT.md, "Stanzas" and "Keys of a file").

import { toHex } from "../bytes.js";
import { type KemName, kemOf } from "../crypto/kem.js";
import { copySecret, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import { stanzaMakerHere } from "../engine/stanzas.js";
import { SealError } from "../errors.js";
import { inAnyOrder } from "../flow/order.js";
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

/** How stanzas are made. */
export interface Making {
  readonly signal?: AbortSignal | undefined;
  /**
   * Who has what is left of ephemeral keys on this thread collected: `makeStanzas`, before it resolves (the default),
   * or its caller. Where the process ends soon, nobody need do it, on other threads either.
   */
  readonly collects?: "itself" | "caller" | "nobody" | undefined;
  /** Has threads for many recipients; by default, all is done here. */
  readonly engine?: Engine | undefined;
}

/**
 * One stanza for each distinct recipient, and for the passphrase, in random order: the order must not tell who is who.
 * Throws `usage` where there is nobody, more than 4096, or some of either kind (reason `mixed-recipients`, with the
 * classic ones' texts); the signal's reason.
 */
export async function makeStanzas(
  suite: Suite,
  { recipients, passphrase = null }: Addressees,
  fileKey: Secret,
  coreHash: Uint8Array,
  making: Making = {},
): Promise<Stanza[]> {
  const { collects = "itself" } = making;
  const distinct = [...new Map(recipients.map((key) => [toHex(key), key])).values()];
  const count = distinct.length + Number(passphrase !== null);
  if (count === 0) throw new SealError("usage", "no recipient");
  if (count > MAX_STANZAS) {
    throw new SealError("usage", `${count} recipients; at most ${MAX_STANZAS} are allowed`);
  }
  refuseMixed(suite, distinct, passphrase !== null);
  // An ephemeral secret opens its stanza as the recipient's does.
  const forget = collects === "itself" ? suite.forgetting() : null;
  const stanzas = await keyStanzas(suite, distinct, fileKey, coreHash, making).finally(() => forget?.());
  if (passphrase) stanzas.push(await passphraseStanza(suite, passphrase, fileKey, coreHash));
  return shuffled(suite, stanzas);
}

/** Recipients of a task: a few milliseconds' work. */
const AT_ONCE = 16;

async function keyStanzas(
  suite: Suite,
  recipients: readonly Uint8Array[],
  fileKey: Secret,
  coreHash: Uint8Array,
  { signal, collects, engine }: Making,
): Promise<Stanza[]> {
  if (recipients.length === 0) return [];
  const kem = kemOf(recipients[0]!);
  const info = recipientInfo(coreHash);
  const maker = engine?.stanzaMaker?.(suite, recipients.length) ?? stanzaMakerHere(suite);
  const pace = pacer(signal);
  const stanzas: Stanza[] = [];
  const parts = async function* () {
    for (let at = 0; at < recipients.length; at += AT_ONCE) {
      await pace();
      const part = recipients.slice(at, at + AT_ONCE);
      yield async () => {
        const task = { kem, recipients: part, info, fileKey: copySecret(fileKey), forgets: collects !== "nobody" };
        const { bodies } = await maker.make(task);
        stanzas.push(...bodies.map((body) => ({ type: STANZA_TYPE[kem], body })));
      };
    }
  };
  await inAnyOrder(parts(), maker);
  if (stanzas.length !== recipients.length) throw new SealError("internal", "some recipients have no stanza");
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
