// Finding the file key among the stanzas (docs/FORMAT.md, "Opening", 6 and 7).

import { type Bytes, equal } from "../bytes.js";
import { hpkeOpen } from "../crypto/hpke.js";
import type { AgreementKey, Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { commitment, type Header, headerMac, recipientInfo } from "../format/header.js";
import { STANZA_X25519 } from "../format/stanza.js";
import type { Identity, IdentityFile } from "../keys/identity.js";
import { isAmong, notAccepted, type Policy } from "./header.js";

/** Who opens, and whose files. */
export interface Unlocking {
  readonly suite: Suite;
  readonly identities: readonly IdentityFile[];
  /** Signers that are accepted whichever identity opens, and no others; null where those of the accept lines and `policy.senders` are. */
  readonly from: readonly Uint8Array[] | "any" | null;
  readonly policy: Omit<Policy, "signers">;
}

/** The policy for a header, of which the identity that will open it is not known yet. */
export function policyOf({ from, identities, policy }: Unlocking): Policy {
  const signers = from ?? identities.flatMap(({ accept }) => accept);
  return { ...policy, signers, senders: from === null ? policy.senders : [] };
}

/** The file key, to be erased. Only identities that accept the signer are unlocked and tried, so that the stanzas' order decides nothing. */
export async function unlockFileKey(header: Header, { suite, identities, from, policy }: Unlocking): Promise<Bytes> {
  const { signer } = header.core;
  const { senders = [], contacts } = policy;
  const trusting = identities.filter(({ accept }) => !signer || isAmong(signer, from ?? [...accept, ...senders]));
  const keys: Identity[] = [];
  for (const identity of trusting) keys.push(await identity.unlock());
  const fileKey = findFileKey(suite, header, keys);
  if (!fileKey) throw signer && trusting.length < identities.length ? notAccepted(signer, contacts) : noKey();
  return fileKey;
}

/** The error where no key opens a file. */
export function noKey(
  hint = "It was sealed for other recipients. Ask the sender to seal it for your public key.",
): SealError {
  return new SealError("no-key", "none of the keys given opens this file", { hint });
}

/**
 * The file key; null where none of `keys` opens a stanza. The first stanza that opens decides.
 * Throws `tampered` where what it holds is not the committed key or the header's MAC is wrong.
 */
export function findFileKey(suite: Suite, header: Header, keys: readonly AgreementKey[]): Bytes | null {
  const fileKey = openFirst(suite, header, keys);
  if (!fileKey) return null;
  if (!equal(commitment(suite, fileKey), header.core.commitment)) {
    fileKey.fill(0);
    throw new SealError("tampered", "the file key is not the one that the header commits to");
  }
  if (!header.core.signer && !equal(macOf(suite, header, fileKey), header.authenticator)) {
    fileKey.fill(0);
    throw new SealError("tampered", "the header does not authenticate");
  }
  return fileKey;
}

function openFirst(suite: Suite, header: Header, keys: readonly AgreementKey[]): Bytes | null {
  const info = recipientInfo(header.coreHash);
  for (const { type, body } of header.stanzas) {
    if (type !== STANZA_X25519) continue;
    const enc = body.subarray(0, 32);
    const sealed = body.subarray(32);
    for (const key of keys) {
      const fileKey = hpkeOpen(suite, key, enc, info, sealed);
      if (fileKey) return fileKey;
    }
  }
  return null;
}

function macOf(suite: Suite, header: Header, fileKey: Uint8Array): Bytes {
  return headerMac(suite, fileKey, header.coreHash, header.coreBytes, header.stanzaBytes);
}
