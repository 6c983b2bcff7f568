// Finding the file key among the stanzas (docs/FORMAT.md, "Opening", 6 and 7).

import { type Bytes, concat, equal } from "../bytes.js";
import type { KemKey } from "../crypto/kem.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { Engine, TrialsTask } from "../engine/engine.js";
import { stanzaOpenerHere } from "../engine/stanzas.js";
import { SealError } from "../errors.js";
import { inAnyOrder } from "../flow/order.js";
import { pacer } from "../flow/turns.js";
import { commitment, type Header, headerMac, recipientInfo } from "../format/header.js";
import type { Stanza } from "../format/stanza.js";
import { bare } from "../given.js";
import type { IdentityFile } from "../keys/identity.js";
import { openByPassphrase, takesPassphrase } from "./passphrase.js";
import { isAmong, notAccepted, type Policy } from "./policy.js";
import { kemOfStanza } from "./stanzas.js";

/** Who opens, and whose files. */
export interface Unlocking {
  readonly suite: Suite;
  readonly identities: readonly IdentityFile[];
  /**
   * Signers that are accepted whichever identity opens, and no others; null where those of the accept lines and
   * `policy.senders` are.
   */
  readonly from: readonly Uint8Array[] | "any" | null;
  readonly policy: Omit<Policy, "from">;
  /** Gives the passphrase of a file that none of the keys opens, to be erased. It takes part whoever signed. */
  readonly passphrase?: (() => Promise<Secret>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Has threads for many stanzas; by default, all are tried here. */
  readonly engine?: Engine | undefined;
}

/** The policy for a header, of which the identity that will open it is not known yet. */
export function policyOf({ from, identities, policy }: Unlocking): Policy {
  const accepted = from ?? identities.flatMap(({ accept }) => accept);
  return { ...policy, from: accepted, senders: from === null ? bare(policy).senders : [] };
}

/**
 * The file key, to be erased. Only identities that accept the signer are unlocked and tried, so that the stanzas' order
 * decides nothing.
 */
export async function unlockFileKey(
  header: Header,
  { suite, identities, from, policy, passphrase: ask, signal, engine }: Unlocking,
): Promise<Secret> {
  const { signer } = header.core;
  const { senders = [], contacts } = bare(policy);
  const trusting = identities.filter(({ accept }) => !signer || isAmong(signer, from ?? [...accept, ...senders]));
  const takesPart = takesPassphrase(header) ? ask : undefined;
  // Nobody is asked for the passphrase of a key that cannot open it.
  const needsKey = !takesPart || header.stanzas.some(({ type }) => kemOfStanza(type));
  // Whoever has the file's passphrase need not have that of each key.
  let locked: SealError | undefined;
  const stayLocked = (error: SealError) => {
    locked ??= error;
  };
  // Stryker disable next-line ArrayDeclaration: no stanza is one of a key where no key is needed.
  const keys = needsKey ? await openingKeys(trusting, takesPart && stayLocked) : [];
  const fileKey = await findFileKey(suite, header, keys, { signal, engine, passphrase: takesPart });
  if (fileKey !== null) return fileKey;
  if (locked) throw locked;
  if (signer && trusting.length < identities.length) throw notAccepted(signer, contacts);
  throw takesPart ? wrongPassphrase(identities.length > 0) : noKey();
}

function wrongPassphrase(hasKeys: boolean): SealError {
  const keys = hasKeys ? ", and none of the keys given opens this file" : "";
  return new SealError("no-key", `wrong passphrase${keys}`);
}

/**
 * The keys of those identities that have one to open with, one after the other: each may ask for its passphrase. Throws
 * `no-key` where one stays locked, or tells it to `locked`.
 */
export async function openingKeys(
  identities: readonly IdentityFile[],
  locked?: (error: SealError) => void,
): Promise<KemKey[]> {
  const keys: KemKey[] = [];
  for (const identity of identities) {
    try {
      const { openingKey } = await identity.unlock();
      if (openingKey) keys.push(openingKey);
    } catch (error) {
      if (!locked || !(error instanceof SealError && error.code === "no-key")) throw error;
      locked(error);
    }
  }
  return keys;
}

/** The error where no key opens a file. */
export function noKey(
  hint = "It was sealed for other recipients. Ask the sender to seal it for your public key.",
): SealError {
  return new SealError("no-key", "none of the keys given opens this file", { hint, reason: "other-recipients" });
}

/**
 * The file key; null where neither one of `keys` nor the passphrase opens a stanza. The first that opens decides.
 * Throws `tampered` where what it holds is not the committed key or the header's MAC is wrong; the signal's reason.
 */
export async function findFileKey(
  suite: Suite,
  header: Header,
  keys: readonly KemKey[],
  { passphrase: ask, signal, engine }: Pick<Unlocking, "passphrase" | "signal" | "engine"> = {},
): Promise<Secret | null> {
  const byKey = await openFirst(suite, header, keys, signal, engine);
  const fileKey = byKey ?? (ask ? await askAndOpen(suite, header, ask, signal) : null);
  if (!fileKey) return null;
  if (!equal(commitment(suite, fileKey), header.core.commitment)) {
    erase(fileKey);
    throw new SealError("tampered", "the file key is not the one that the header commits to");
  }
  if (!header.core.signer && !equal(macOf(suite, header, fileKey), header.authenticator)) {
    erase(fileKey);
    throw new SealError("tampered", "the header does not authenticate");
  }
  return fileKey;
}

async function askAndOpen(
  suite: Suite,
  header: Header,
  ask: () => Promise<Secret>,
  signal: AbortSignal | undefined,
): Promise<Secret | null> {
  const passphrase = await ask();
  try {
    return await openByPassphrase(suite, header, passphrase, signal);
  } finally {
    erase(passphrase);
  }
}

/** Each stanza is tried with the keys of its kind alone. */
async function openFirst(
  suite: Suite,
  header: Header,
  keys: readonly KemKey[],
  signal: AbortSignal | undefined,
  engine: Engine | undefined,
): Promise<Secret | null> {
  const kinds = new Set(header.stanzas.map(({ type }) => kemOfStanza(type)));
  const fitting = keys.filter(({ kem }) => kinds.has(kem));
  const trialKeys = { keys: fitting, info: recipientInfo(header.coreHash) };
  const opener = engine?.stanzaOpener?.(suite, trialKeys, header.stanzas.length) ?? stanzaOpenerHere(suite, trialKeys);
  const pace = pacer(signal);
  let first: { readonly place: number; readonly fileKey: Secret } | null = null;
  const keep = (place: number, fileKey: Secret) => {
    const isFirst = !first || place < first.place;
    const other = isFirst ? first?.fileKey : fileKey;
    if (isFirst) first = { place, fileKey };
    if (other) erase(other);
  };
  const tasks = async function* () {
    let places = 0;
    for (const task of trials(header.stanzas, fitting)) {
      await pace();
      if (first) return;
      const place = places++;
      yield async () => {
        const { fileKey } = await opener.open(task, pace);
        if (fileKey) keep(place, fileKey);
      };
    }
  };
  const found = (): Secret | null => first?.fileKey ?? null;
  try {
    await inAnyOrder(tasks(), opener);
    return found();
  } catch (error) {
    const fileKey = found();
    if (fileKey) erase(fileKey);
    throw error;
  } finally {
    opener.close();
  }
}

/** Stanzas of a task: a few milliseconds' work. */
const AT_ONCE = 16;

/** What is to be tried, in the order of the stanzas. */
function* trials(stanzas: readonly Stanza[], keys: readonly KemKey[]): Generator<TrialsTask> {
  for (let at = 0, end = 0; at < stanzas.length; at = end) {
    const { type, body } = stanzas[at]!;
    while (end < at + AT_ONCE && stanzas[end]?.type === type) end++;
    const kem = kemOfStanza(type);
    if (!kem || !keys.some((key) => key.kem === kem)) continue;
    const bodies = concat(...stanzas.slice(at, end).map((stanza) => stanza.body));
    yield { kem, bodies, length: body.length };
  }
}

function macOf(suite: Suite, header: Header, fileKey: Secret): Bytes {
  return headerMac(suite, fileKey, header.coreHash, header.coreBytes, header.stanzaBytes);
}
