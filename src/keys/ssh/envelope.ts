// What a private key file of ssh's says in the clear, and the section that may be encrypted (OpenSSH's PROTOCOL.key).

import { type Bytes, equal, fromUtf8, utf8 } from "../../bytes.js";
import { copySecret, erase, partOf, type Secret } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";
import { firstLetter, otherKind, otherPrivateKey, refusedKind } from "./kinds.js";
import { damaged, decodedBody } from "./private-text.js";
import { publicFields, SshFields, sshBlob } from "./wire.js";

const MAGIC = utf8("openssh-key-v1\0");
const KEY = 32;
/** Of ssh's own 16; any salt up to that is taken. */
const MAX_SALT = 64;
/** ssh writes 16 or 24. So many take some 20 seconds. */
const MAX_ROUNDS = 256;
/** For each cipher that is known. */
const BLOCKS = new Map([
  ["none", 8],
  ["aes256-ctr", 16],
]);

/** What stands in the clear, and the section that may be encrypted: to be erased, where it is not. */
export interface Envelope {
  readonly publicKey: Bytes;
  readonly lock: { readonly salt: Bytes; readonly rounds: number } | null;
  readonly section: Secret;
  /** What the section's length is a multiple of, and less than which is padding. */
  readonly block: number;
}

/** Throws `usage`, which names the kind where it is another. */
export function parseEnvelope(file: Secret): Envelope {
  const start = firstLetter(file);
  const other = otherPrivateKey(file, start);
  if (other) throw new SealError("usage", `${other}, which cannot be used`, { reason: "ssh-private" });
  const body = decodedBody(file, start);
  try {
    return envelopeOf(body);
  } finally {
    erase(body);
  }
}

function envelopeOf(body: Secret): Envelope {
  const fields = new SshFields(body, partOf);
  const magic = fields.take(MAGIC.length);
  if (!magic || !equal(magic, MAGIC)) throw damaged();
  const [cipher, kdf, kdfOptions, keys] = [fields.string(), fields.string(), fields.string(), fields.number()];
  const blob = fields.string();
  const section = fields.string();
  if (!cipher || !kdf || !kdfOptions || !blob) throw damaged();
  if (keys !== 1) throw new SealError("usage", "a private key file of ssh's with more than one key");
  const publicKey = publicKeyOf(blob);
  const cipherName = nameOf(cipher);
  const block = BLOCKS.get(cipherName);
  if (!block) {
    throw new SealError("usage", `a private key of ssh's under ${cipherName}, which is not known here`, {
      reason: "ssh-cipher",
    });
  }
  if (!section || section.length < block || section.length % block !== 0 || fields.left > 0) throw damaged();
  return { publicKey, lock: lockOf(cipherName, nameOf(kdf), kdfOptions), section: copySecret(section), block };
}

function lockOf(cipher: string, kdf: string, options: Uint8Array): Envelope["lock"] {
  if (cipher === "none") {
    if (kdf !== "none" || options.length > 0) throw damaged();
    return null;
  }
  if (kdf !== "bcrypt") throw damaged();
  const fields = publicFields(options);
  const salt = fields.string();
  const rounds = fields.number();
  if (!salt || salt.length === 0 || salt.length > MAX_SALT || !rounds || fields.left > 0) throw damaged();
  if (rounds > MAX_ROUNDS) {
    throw new SealError(
      "usage",
      `a private key of ssh's with ${rounds} rounds of bcrypt; at most ${MAX_ROUNDS} are made`,
      {
        reason: "ssh-cipher",
      },
    );
  }
  return { salt: Uint8Array.from(salt), rounds };
}

/** Throws `usage`, which names a kind that is another. */
function publicKeyOf(blob: Uint8Array): Bytes {
  const fields = publicFields(blob);
  const type = fields.string();
  const other = type && otherKind(nameOf(type));
  if (other) throw refusedKind(other);
  const key = fields.string();
  if (key?.length !== KEY || !equal(sshBlob(key), blob)) throw damaged();
  return Uint8Array.from(key);
}

/** A name of ssh's, which is shown; what is none is not. */
function nameOf(bytes: Uint8Array): string {
  const text = fromUtf8(Uint8Array.from(bytes));
  if (text !== null && /^[\w@.+-]{1,64}$/.test(text)) return text;
  throw damaged();
}
