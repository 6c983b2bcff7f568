// Who is accepted, and which of their files (docs/FORMAT.md, "Opening", 2 and 5).

import { equal } from "../bytes.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { Core } from "../format/core.js";
import { bare } from "../given.js";
import { type Contacts, tellRevocation } from "../keys/contacts.js";
import { encodeSigner } from "../keys/text.js";
import { isoTime } from "../time.js";

/** Whose files are accepted, and which. */
export interface Policy {
  /** Valid Ed25519 public keys, or any signer. */
  readonly from: readonly Uint8Array[] | "any";
  /** Signers that are accepted too, whose keys are yet to be checked to be valid. */
  readonly senders?: readonly Uint8Array[] | undefined;
  /** Tells of revoked keys, which are refused whoever accepts them, and whose a key is. */
  readonly contacts?: Pick<Contacts, "revocation" | "owner"> | undefined;
  readonly allowUnsigned: boolean;
  /** The label that is demanded. */
  readonly label?: string | undefined;
  /** Seconds since sealing, at most. */
  readonly maxAge?: number | undefined;
  /** Unix milliseconds; by default the time at which the header has been verified. */
  readonly now?: number | undefined;
}

/** How far in the future the time of sealing may lie, in seconds, where the age is bounded. */
const CLOCK_SKEW = 300;

/** *Opening*, 2. */
export async function acceptSigner(
  suite: Suite,
  core: Pick<Core, "signer">,
  given: Policy,
): Promise<VerifyingKey | null> {
  const policy = bare(given);
  if (!core.signer) {
    const demands = policy.label !== undefined || policy.maxAge !== undefined;
    if (policy.allowUnsigned && !demands) return null;
    throw new SealError("untrusted", "the file is unsigned: nobody vouches for where it comes from");
  }
  refuseRevoked(core.signer, policy.contacts);
  if (policy.from !== "any") {
    if (isAmong(core.signer, policy.from)) return suite.checkedVerifyingKey(core.signer);
    if (!policy.senders || !isAmong(core.signer, policy.senders)) throw notAccepted(core.signer, policy.contacts);
  }
  const key = suite.verifyingKey(core.signer);
  if (!key) throw new SealError("malformed", "the signer's public key is not a valid Ed25519 key");
  return key;
}

/** *Opening*, 5. */
export function checkDemands(core: Core, given: Policy): void {
  const policy = bare(given);
  const now = Math.floor((policy.now ?? Date.now()) / 1000);
  const signer = core.signer ? encodeSigner(core.signer) : undefined;
  demandLabel(core, policy);
  if (policy.maxAge === undefined) return;
  if (core.sealedAt > now + CLOCK_SKEW) {
    throw new SealError("untrusted", `sealed in the future, at ${isoTime(core.sealedAt)}`, {
      hint: "Check the clocks of both machines.",
      signer,
    });
  }
  if (!(now - core.sealedAt <= policy.maxAge)) {
    throw new SealError("untrusted", `too old: sealed at ${isoTime(core.sealedAt)}`, { signer });
  }
}

/** The label of *Opening*, 5. */
export function demandLabel({ signer, label }: Pick<Core, "signer" | "label">, given: Policy): void {
  const demanded = bare(given).label;
  if (demanded === undefined || label === demanded) return;
  throw new SealError("untrusted", `the label is "${label}", not "${demanded}"`, {
    signer: signer ? encodeSigner(signer) : undefined,
  });
}

/** Whether `key` is one of `signers`, as bytes. */
export function isAmong(key: Uint8Array, signers: readonly Uint8Array[] | "any"): boolean {
  return signers === "any" || signers.some((signer) => equal(signer, key));
}

/** The error for a signer who is not accepted. */
export function notAccepted(signer: Uint8Array, contacts: Policy["contacts"]): SealError {
  const text = encodeSigner(signer);
  const owner = contacts?.owner(signer);
  const old = owner?.state.is === "superseded" ? `, a key that ${owner.name} replaced on ${owner.state.at}` : "";
  const whose = owner && !old ? ` (${owner.name})` : old;
  return new SealError("untrusted", `signed by ${text}${whose}, who is not an accepted sender`, {
    reason: "not-accepted",
    hint: "Compare this key with the one that the sender gave you. To accept it, name it in from.",
    signer: text,
  });
}

/** Throws `untrusted` for a signer who is revoked. */
export function refuseRevoked(signer: Uint8Array, contacts: Policy["contacts"]): void {
  const revoked = contacts?.revocation(signer);
  if (!revoked) return;
  const text = encodeSigner(signer);
  const owner = contacts!.owner(signer)?.name;
  const whose = owner ? `a key of ${owner} that` : "a key that";
  throw new SealError("untrusted", `signed by ${text}, ${whose} was ${tellRevocation(revoked)}`, {
    hint: "Whoever stole a key can sign with any date. Ask the sender for a file signed with a new key.",
    signer: text,
  });
}
