// Whose files and journals are accepted, and which, from what stands on the command line.

import type { Suite } from "../crypto/index.js";
import { SealError } from "../errors.js";
import type { Contacts } from "../keys/contacts.js";
import type { Unlocking } from "../ops/filekey.js";
import type { Policy } from "../ops/header.js";
import type { Context } from "./command.js";
import { loadContacts } from "./contacts.js";
import { loadIdentities } from "./identities.js";
import { resolveSigners } from "./keys.js";
import { parseDuration, parseLabel } from "./values.js";

interface PolicyFlags {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly maxAge?: string;
  readonly contacts?: string;
}

/** Who opens, and whose files. Throws `usage`, `io`. */
export async function unlockingOf(
  suite: Suite,
  options: PolicyFlags & { readonly key?: readonly string[]; readonly allowUnsigned?: true },
  context: Context,
): Promise<Unlocking> {
  const contacts = await loadContacts(options.contacts, context.signal);
  const from = await acceptedSigners(options.from, contacts, context.signal);
  if (from === "any") context.report.note("warning: --from any: whoever signed it, it is opened");
  return {
    suite,
    identities: await loadIdentities(suite, "--key", options.key ?? [], context),
    from,
    policy: {
      senders: contacts.senders(),
      contacts,
      allowUnsigned: options.allowUnsigned === true,
      ...demands(options),
    },
  };
}

/** Who is accepted where nothing is opened, which nobody at all cannot be. Throws `usage`, `io`. */
export async function verifyingPolicy(
  options: PolicyFlags,
  context: Context,
): Promise<{ policy: Policy; contacts: Contacts }> {
  const contacts = await loadContacts(options.contacts, context.signal);
  const senders = options.from ? [] : contacts.senders();
  if (!options.from && senders.length === 0) {
    throw new SealError("usage", "no sender: --from is missing, and no contact is marked as a sender", {
      hint: "Name whose signature is accepted: --from sealsig1…",
    });
  }
  const signers = await resolveSigners(options.from ?? [], contacts, context.signal);
  return { policy: { signers, senders, contacts, allowUnsigned: false, ...demands(options) }, contacts };
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
