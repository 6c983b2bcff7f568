// Whose files and journals are accepted, and which, from what stands on the command line.

import type { Suite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { type Policy, refuseRevoked } from "../../header/policy.js";
import type { Unlocking } from "../../header/unlock.js";
import type { Contacts } from "../../keys/contacts.js";
import type { Context } from "../command.js";
import { loadContacts } from "./contacts.js";
import { contactsNow } from "./contacts-now.js";
import { hasDefaultIdentity, loadIdentities, noIdentity } from "./identities.js";
import { resolveSigners } from "./keys.js";
import { hasHome } from "./places.js";
import { parseDuration, parseLabel } from "./values.js";

interface PolicyFlags {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly maxAge?: string;
  readonly contacts?: string;
}

interface UnlockingFlags extends PolicyFlags {
  readonly key?: readonly string[];
  readonly allowUnsigned?: true;
}

/** Who opens a file, which may be under a passphrase, and so be opened by who has no identity. */
export interface FileUnlocking extends Unlocking {
  /** The error where a file needs an identity after all, and there is none. */
  readonly missing: SealError | null;
}

/** Throws as `unlockingOf`; also where there is no identity, and nobody is accepted without. */
export async function unlockingFile(suite: Suite, options: UnlockingFlags, context: Context): Promise<FileUnlocking> {
  const missing = options.key || (await hasDefaultIdentity()) ? null : noIdentity("--key");
  const unlocking = await unlockingOf(suite, options, context, missing ? [] : undefined);
  const { from, policy } = unlocking;
  if (missing && from === null && !policy.allowUnsigned && policy.senders?.length === 0) throw missing;
  return { ...unlocking, missing };
}

/** Who opens, and whose files. Throws `usage`, `io`. */
export async function unlockingOf(
  suite: Suite,
  options: UnlockingFlags,
  context: Context,
  identities?: Unlocking["identities"],
): Promise<Unlocking> {
  const contacts = await loadContacts(options.contacts, context.signal);
  noteNoContacts(options, context);
  const from = await acceptedSigners(options.from, contacts, context.signal);
  if (from === "any") context.report.note("warning: --from any accepts any signer");
  return {
    suite,
    identities: identities ?? (await loadIdentities(suite, "--key", options.key ?? [], context)),
    from,
    policy: {
      senders: contacts.senders(),
      contacts,
      allowUnsigned: options.allowUnsigned === true,
      ...demands(options),
    },
  };
}

/** Whoever believes that what was revoked is refused here has to know where it is not. */
function noteNoContacts({ contacts }: PolicyFlags, { report }: Context): void {
  if (contacts !== undefined || hasHome()) return;
  report.note("this user has no home directory, so no contacts were read: revoked keys are not refused");
}

/** Refuses a signer whom the contacts revoke now. */
export function recheckOf({ contacts }: PolicyFlags, { signal }: Context): (signer: Uint8Array) => Promise<void> {
  const now = contactsNow(contacts);
  return async (signer) => refuseRevoked(signer, await now(signal));
}

/** Who is accepted where nothing is opened, which nobody at all cannot be. Throws `usage`, `io`. */
export async function verifyingPolicy(
  options: PolicyFlags,
  context: Context,
): Promise<{ policy: Policy; contacts: Contacts }> {
  const contacts = await loadContacts(options.contacts, context.signal);
  noteNoContacts(options, context);
  const senders = options.from ? [] : contacts.senders();
  if (!options.from && senders.length === 0) {
    throw new SealError("usage", "no sender: --from is missing, and no contact is marked as a sender", {
      hint: "Say whose signature to accept: --from sealsig1…",
    });
  }
  const from = await resolveSigners(options.from ?? [], contacts, context.signal);
  return { policy: { from, senders, contacts, allowUnsigned: false, ...demands(options) }, contacts };
}

function demands({ label, maxAge }: PolicyFlags): Pick<Policy, "label" | "maxAge"> {
  return {
    label: label === undefined ? undefined : parseLabel(label),
    maxAge: maxAge === undefined ? undefined : parseDuration(maxAge, "--max-age"),
  };
}

async function acceptedSigners(
  from: readonly string[] | undefined,
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Unlocking["from"]> {
  if (!from) return null;
  if (!from.includes("any")) return resolveSigners(from, contacts, signal);
  if (from.length > 1) throw new SealError("usage", "--from any excludes other senders");
  return "any";
}
