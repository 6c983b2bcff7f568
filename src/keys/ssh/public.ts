// Public keys of ssh as text: "ssh-ed25519 AAAA… comment" (docs/FORMAT.md, "Keys of ssh").

import { base64 } from "@scure/base";
import { type Bytes, equal, fromUtf8 } from "../../bytes.js";
import { isRecordKey } from "../../crypto/ed25519-check.js";
import { montgomeryOf } from "../../crypto/montgomery.js";
import type { Suite } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import { otherKind, refusedKind, SSH_ED25519 } from "./kinds.js";
import { publicFields, sshBlob, sshBytes } from "./wire.js";

/** No key that ssh has is longer; certificates are. */
const MAX_BASE64 = 24_576;

/** The text of an Ed25519 public key, without a comment. */
export function encodeSshKey(publicKey: Uint8Array): string {
  return `${SSH_ED25519} ${base64.encode(sshBlob(publicKey))}`;
}

/**
 * The Ed25519 public key of a text, whose comment counts for nothing. Throws `usage`, naming the kind where it is
 * another. A line end may follow the text. That it is a point of prime order is not known: `parseSshKey` asks.
 */
export function decodeSshKey(text: string): Bytes {
  if (/[\r\n]\s*\S/.test(text)) throw unusable("it has more than one line");
  const [type, encoded = ""] = text.replace(/\r?\n$/, "").split(/[ \t]+/, 2);
  return sshKeyOf(type!, encoded);
}

/** The same, of type and base64. */
export function sshKeyOf(type: string, encoded: string): Bytes {
  const other = otherKind(type);
  if (other) throw refusedKind(other);
  if (type !== SSH_ED25519) throw unusable(`its type is written "${SSH_ED25519}"`);
  if (encoded === "") throw unusable("nothing follows its type");
  const blob = encoded.length <= MAX_BASE64 ? sshBytes(encoded) : null;
  if (!blob) throw new SealError("usage", "a mistyped ssh key: its base64 is damaged", { hint: COPY });
  const fields = publicFields(blob);
  const inner = fields.string();
  const name = inner && fromUtf8(inner);
  if (name !== SSH_ED25519) {
    const found = name && /^[\w@.+-]{1,64}$/.test(name) ? otherKind(name) : null;
    throw found ? refusedKind(found) : unusable("what it holds is of another type");
  }
  const key = fields.string();
  if (!key || !equal(sshBlob(key), blob) || key.length !== 32) {
    throw unusable("it is too short, or too long");
  }
  if (!isRecordKey(key)) throw unusable("it is not canonical, or of small order");
  return Uint8Array.from(key);
}

/** Throws as `decodeSshKey`; also where the key is no point of prime order. */
export async function parseSshKey(suite: Suite, text: string): Promise<Bytes> {
  return checkedSshKey(suite, decodeSshKey(text));
}

/** The key, where it is a point of prime order. Throws `usage`. */
export function checkedSshKey(suite: Suite, key: Bytes): Bytes {
  if (suite.isValidSigner(key)) return key;
  throw unusable("it is not a canonical key of prime order");
}

/** The X25519 key of a text. Throws as `parseSshKey`. */
export async function parseSshRecipient(suite: Suite, text: string): Promise<Bytes> {
  return montgomeryOf(await parseSshKey(suite, text));
}

/** Text and no comment: by it, keys are compared. */
export function plainSshKey(text: string): string {
  return encodeSshKey(decodeSshKey(text));
}

const COPY = "A character is wrong, missing or extra. Copy the key again.";

function unusable(why: string): SealError {
  return new SealError("usage", `not a usable ssh key: ${why}`);
}
