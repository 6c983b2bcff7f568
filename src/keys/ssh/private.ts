// Private keys as OpenSSH writes them (its PROTOCOL.key), of ssh-ed25519 alone: an identity that signs by the key, and
// opens by its X25519 half (docs/FORMAT.md, "Keys of ssh").

import { type Bytes, equal, fromUtf8, utf8 } from "../../bytes.js";
import { kemKey } from "../../crypto/kems.js";
import { copySecret, disclose, erase, partOf, type Secret } from "../../crypto/secret.js";
import type { Suite } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import type { AskPassphrase, IdentityFile, IdentityKeys } from "../identity.js";
import { encodeRecipient, encodeSigner } from "../text.js";
import { decodeSecretBase64 } from "./base64.js";
import {
  BEGIN_SSH,
  firstLetter,
  isBlankOrEnd,
  isLineEnd,
  otherKind,
  otherPrivateKey,
  refusedKind,
  SSH_ED25519,
  standsAt,
} from "./kinds.js";
import { publicFields, SshFields, sshBlob } from "./wire.js";

const END = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC = utf8("openssh-key-v1\0");
/** A key of this kind has some 400 letters; one with a long comment, a thousand. */
const MAX_LETTERS = 65_536;
const [KEY, SEED, SEED_AND_KEY] = [32, 32, 64];
const COUNTER = 16;
/** Of ssh's own 16; any salt up to that is taken. */
const MAX_SALT = 64;
/** ssh writes 16 or 24. So many take some 20 seconds. */
const MAX_ROUNDS = 1024;
const ATTEMPTS = 3;
const BLOCKS: Readonly<Record<string, number>> = { none: 8, "aes256-ctr": 16 };

/** What stands in the clear, and the section that may be encrypted: to be erased, where it is not. */
interface Envelope {
  readonly publicKey: Bytes;
  readonly lock: { readonly salt: Bytes; readonly rounds: number } | null;
  readonly section: Secret;
}

/**
 * An identity of a private key, which stays the caller's, to be erased; it accepts nobody by itself. Throws `usage`,
 * which names the kind where it is another; no message shows what stands in it.
 */
export async function parseSshIdentity(suite: Suite, file: Secret, ask: AskPassphrase): Promise<IdentityFile> {
  const envelope = parseEnvelope(file);
  // Ready at once where it is in the clear: so nothing of the file has to be kept.
  let identity: IdentityKeys | null = null;
  if (!envelope.lock) identity = await withSeed(suite, envelope, ask, (seed) => identityOfSeed(suite, seed));
  return {
    accept: [],
    isProtected: envelope.lock !== null,
    unlock: async () => {
      identity ??= await withSeed(suite, envelope, ask, (seed) => identityOfSeed(suite, seed));
      return identity;
    },
  };
}

/** The seed of a private key, to be erased. Throws as `parseSshIdentity`, and `no-key` where no passphrase fits. */
export function sshSeed(suite: Suite, file: Secret, ask: AskPassphrase): Promise<Secret> {
  return withSeed(suite, parseEnvelope(file), ask, async (seed) => copySecret(seed));
}

/** What a seed signs by, and opens by: the X25519 secret is the first half of its SHA-512, as Ed25519's scalar is. */
async function identityOfSeed(suite: Suite, seed: Secret): Promise<IdentityKeys> {
  const hash = suite.sha512(seed);
  try {
    const signingKey = suite.signingKey(seed);
    const openingKey = await kemKey(suite, "x25519", partOf(hash, 0, KEY));
    return {
      openingKey,
      signingKey,
      recipient: encodeRecipient(suite, openingKey.publicKey),
      signer: encodeSigner(signingKey.publicKey),
    };
  } finally {
    erase(hash);
  }
}

/** What `use` makes of the seed, which is erased then. */
async function withSeed<T>(
  suite: Suite,
  envelope: Envelope,
  ask: AskPassphrase,
  use: (seed: Secret) => Promise<T>,
): Promise<T> {
  const section = envelope.lock ? await decrypted(suite, envelope, ask) : envelope.section;
  try {
    const seed = seedOf(suite, section, envelope);
    try {
      return await use(seed);
    } finally {
      erase(seed);
    }
  } finally {
    erase(section);
  }
}

/** Asks up to three times. Throws `no-key` where no passphrase fits. */
async function decrypted(suite: Suite, { lock, section }: Envelope, ask: AskPassphrase): Promise<Secret> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await ask(attempt);
    if (passphrase === null) break;
    try {
      if (passphrase.length === 0) continue;
      const { bcryptPbkdf } = await import("../../crypto/bcrypt.js");
      const key = await bcryptPbkdf(suite, passphrase, lock!.salt, KEY + COUNTER, lock!.rounds);
      const counter = disclose(copySecret(partOf(key, KEY)));
      const clear = suite.aesCtr(partOf(key, 0, KEY), counter, section);
      erase(key);
      if (checksFit(clear)) return clear;
      erase(clear);
    } finally {
      erase(passphrase);
    }
  }
  throw new SealError("no-key", "wrong passphrase");
}

/** The same four bytes twice: in a section that a wrong passphrase gives, they differ. */
function checksFit(section: Secret): boolean {
  return section.length >= 8 && equal(partOf(section, 0, 4), partOf(section, 4, 8));
}

/** A view on the section's seed, which is erased with it. */
function seedOf(suite: Suite, section: Secret, { publicKey, lock }: Envelope): Secret {
  const fields = new SshFields(section, partOf);
  const checks = fields.take(8);
  const type = fields.string();
  const publicHalf = fields.string();
  const both = fields.string();
  const comment = fields.string();
  if (!checks || !checksFit(section) || !type || !publicHalf || both?.length !== SEED_AND_KEY || !comment) {
    throw damaged();
  }
  const padding = fields.take(fields.left)!;
  const block = BLOCKS[lock ? "aes256-ctr" : "none"]!;
  const isPadded = section.length % block === 0 && padding.length < block;
  const seed = partOf(both, 0, SEED);
  const fits =
    equal(type, utf8(SSH_ED25519)) &&
    equal(publicHalf, publicKey) &&
    equal(partOf(both, SEED), publicKey) &&
    equal(suite.signingKey(seed).publicKey, publicKey);
  if (!fits || !isPadded || padding.some((byte, i) => byte !== i + 1)) throw damaged();
  return seed;
}

function parseEnvelope(file: Secret): Envelope {
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
  if (!cipher || !kdf || !kdfOptions || keys === null || !blob) throw damaged();
  if (keys !== 1) throw new SealError("usage", "a private key file of ssh's with more than one key");
  const publicKey = publicKeyOf(blob);
  const cipherName = nameOf(cipher);
  if (!Object.hasOwn(BLOCKS, cipherName)) {
    throw new SealError("usage", `a private key of ssh's under ${cipherName}, which is not known here`, {
      reason: "ssh-cipher",
    });
  }
  if (!section || fields.left > 0) throw damaged();
  return { publicKey, lock: lockOf(cipherName, nameOf(kdf), kdfOptions), section: copySecret(section) };
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

/** What stands between the lines that begin and end it. */
function decodedBody(file: Secret, start: number): Secret {
  const letters = copySecret(partOf(file, start + BEGIN_SSH.length));
  let count = 0;
  try {
    const end = endOf(letters);
    for (let i = 0; i < end; i++) if (!isBlankOrEnd(letters[i]!)) letters[count++] = letters[i]!;
    const body = count > 0 && count <= MAX_LETTERS ? decodeSecretBase64(partOf(letters, 0, count)) : null;
    if (!body) throw damaged();
    return body;
  } finally {
    erase(letters);
  }
}

/** Where the last line begins, behind which there are only blanks. */
function endOf(letters: Secret): number {
  let end = letters.length;
  while (end > 0 && isBlankOrEnd(letters[end - 1]!)) end--;
  const begins = end - END.length;
  if (begins > 0 && isLineEnd(letters[begins - 1]!) && standsAt(letters, begins, END)) return begins;
  throw damaged();
}

function damaged(): SealError {
  return new SealError("usage", "the private key of ssh's is damaged");
}
