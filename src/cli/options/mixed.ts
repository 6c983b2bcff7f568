// Recipients of both kinds, which do not go together.

import type { Bytes } from "../../bytes.js";
import { kemOf } from "../../crypto/kem.js";
import { SealError } from "../../errors.js";
import { isKeyText } from "../../keys/any.js";
import type { Contacts } from "../../keys/contacts.js";
import { keyText, shortKey } from "../../keys/text.js";

/** Recipients' keys, and what names them. */
export interface NamedKeys {
  readonly name: string;
  readonly keys: readonly Bytes[];
}

/**
 * Who breaks X25519 one day has the file from its stanza, whatever stands beside it. Throws `usage` where some
 * recipients have post-quantum keys and others classic ones, and says who these are.
 */
export function refuseMixedKinds(named: readonly NamedKeys[], contacts: Contacts): void {
  const whose = (kem: string) =>
    named.flatMap(({ name, keys }) =>
      keys.filter((key) => kemOf(key) === kem).map((key) => contacts.owner(key)?.name ?? shownName(name)),
    );
  const [classic, others] = [whose("x25519"), whose("xwing")];
  if (classic.length === 0 || others.length === 0) return;
  throw new SealError("usage", `some recipients have post-quantum keys, but not ${listed([...new Set(classic)])}`, {
    hint: "Ask for new keys, which seal keygen makes now. Until then, seal for those with classic keys in a file of their own.",
    reason: "mixed-recipients",
  });
}

/** Who breaks X25519 one day needs no passphrase. Throws `usage` where a recipient has a classic key. */
export function refuseBesidePassphrase(recipients: readonly Uint8Array[]): void {
  if (!recipients.some((key) => kemOf(key) === "x25519")) return;
  throw new SealError("usage", "--passphrase does not go together with recipients who have classic keys", {
    hint: "Seal one file for them, and another one for the passphrase.",
    reason: "mixed-recipients",
  });
}

/** What stands behind `--to`, where it is a key in short. */
export function shownName(name: string): string {
  const key = keyText(name);
  return isKeyText(key) ? shortKey(key.split(/[ \t]+/, 2).join(" ")) : name;
}

const MOST = 5;

function listed(names: readonly string[]): string {
  const more = names.length - MOST;
  const shown = names.slice(0, MOST).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
