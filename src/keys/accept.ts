// The accept lines of an identity file: which there are, one more, one less. All else stays as it is written.

import { type Bytes, utf8 } from "../bytes.js";
import { joinSecret, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { readIdentityLines } from "./identity-lines.js";
import { encodeSigner } from "./text.js";

/** An identity file, which whoever asked for it erases, and the senders that it accepts now. */
export interface Accepting {
  readonly file: Secret;
  /** `sealsig1…`, each once. */
  readonly accept: readonly string[];
  /** Whether its secret is known to have no key that opens; that of a block is not. */
  readonly onlySigns: boolean;
}

/**
 * The senders that an identity file accepts. Throws `usage`, as for any use of the file.
 */
export async function acceptedBy(suite: Suite, file: Secret): Promise<Accepting> {
  const { accept, onlySigns } = await readIdentityLines(suite, file);
  return { file, accept: accept.map(encodeSigner), onlySigns };
}

/** With a line for each of these senders who has none. Throws as `acceptedBy`; `usage` where it opens nothing. */
export async function accepting(suite: Suite, before: Accepting, signers: readonly Bytes[]): Promise<Accepting> {
  if (before.onlySigns) throw new SealError("usage", "this identity only signs: it opens nothing, and accepts nobody");
  const fresh = new Set(signers.map(encodeSigner));
  for (const key of before.accept) fresh.delete(key);
  if (fresh.size === 0) return before;
  const { file } = before;
  const end = hasCrLf(file) ? "\r\n" : "\n";
  const begun = file.at(-1) === LF ? "" : end;
  return acceptedBy(suite, joinSecret(file, utf8(begun + [...fresh].map((key) => `accept ${key}${end}`).join(""))));
}

/** Without the lines of these senders. Throws as `acceptedBy`. */
export async function notAccepting(suite: Suite, before: Accepting, signers: readonly Bytes[]): Promise<Accepting> {
  const unwanted = new Set(signers.map(encodeSigner));
  const { lines, acceptLines } = await readIdentityLines(suite, before.file);
  const gone = new Set(acceptLines.filter(({ key }) => unwanted.has(key)).map(({ index }) => index));
  return acceptedBy(suite, joinSecret(...lines.filter((_line, i) => !gone.has(i)).map(({ whole }) => whole)));
}

const [CR, LF] = [0x0d, 0x0a];

function hasCrLf(file: Secret): boolean {
  return file.some((byte, i) => byte === LF && file[i - 1] === CR);
}
