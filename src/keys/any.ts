// Public keys as text, of this program or of ssh.

import type { Bytes } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import { isSshText } from "./ssh/kinds.js";
import { parseSshKey, parseSshRecipient } from "./ssh/public.js";
import { keyKind, type PublicKind, parseRecipient, parseSigner } from "./text.js";

/** Whether a text is a key, of whatever kind, and neither a name nor a path. */
export function isKeyText(text: string): boolean {
  return keyKind(text) !== null || isSshText(text);
}

/**
 * The public key of `seal1…` or `sealsig1…`, or of `ssh-ed25519 …`, which is both. Throws `usage`, `unsupported`, as
 * `parseRecipient`, `parseSigner` and `parseSshKey`.
 */
export async function parsePublicKey(suite: Suite, text: string, kind: PublicKind): Promise<Bytes> {
  if (kind === "signer") return isSshText(text) ? parseSshKey(suite, text) : parseSigner(suite, text);
  return isSshText(text) ? parseSshRecipient(suite, text) : parseRecipient(suite, text);
}
