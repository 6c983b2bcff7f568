// Private keys as OpenSSH writes them (its PROTOCOL.key), of ssh-ed25519 alone: an identity that signs by the key, and
// opens by its X25519 half (docs/FORMAT.md, "Keys of ssh").

import { equal, utf8 } from "../../bytes.js";
import { kemKey } from "../../crypto/kems.js";
import { copySecret, disclose, erase, partOf, type Secret } from "../../crypto/secret.js";
import type { Suite } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import type { AskPassphrase, IdentityFile, IdentityKeys } from "../identity.js";
import { encodeRecipient, encodeSigner } from "../text.js";
import { type Envelope, parseEnvelope } from "./envelope.js";
import { SSH_ED25519 } from "./kinds.js";
import { damaged } from "./private-text.js";
import { SshFields } from "./wire.js";

const [KEY, SEED] = [32, 32];
const COUNTER = 16;
const ATTEMPTS = 3;

/**
 * An identity of a private key, which stays the caller's, to be erased; it accepts nobody by itself. Throws `usage`,
 * which names the kind where it is another; no message shows what stands in it.
 */
export async function parseSshIdentity(
  suite: Suite,
  file: Secret,
  ask: AskPassphrase,
  signal?: AbortSignal,
): Promise<IdentityFile> {
  const envelope = parseEnvelope(file);
  const unlocking = { ask, signal };
  // Ready at once where it is in the clear: so nothing of the file has to be kept.
  let identity: IdentityKeys | null = null;
  if (!envelope.lock) identity = await withSeed(suite, envelope, unlocking, (seed) => identityOfSeed(suite, seed));
  return {
    accept: [],
    isProtected: envelope.lock !== null,
    unlock: async () => {
      identity ??= await withSeed(suite, envelope, unlocking, (seed) => identityOfSeed(suite, seed));
      return identity;
    },
  };
}

/** The seed of a private key, to be erased. Throws as `parseSshIdentity`, and `no-key` where no passphrase fits. */
export async function sshSeed(suite: Suite, file: Secret, ask: AskPassphrase, signal?: AbortSignal): Promise<Secret> {
  return withSeed(suite, parseEnvelope(file), { ask, signal }, async (seed) => copySecret(seed));
}

/** Who knows the passphrase, and until when there is time. */
interface Unlocking {
  readonly ask: AskPassphrase;
  readonly signal: AbortSignal | undefined;
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

/** What `use` makes of the seed, which is erased then, with all that it stands in. */
async function withSeed<T>(
  suite: Suite,
  envelope: Envelope,
  unlocking: Unlocking,
  use: (seed: Secret) => Promise<T>,
): Promise<T> {
  const section = envelope.lock ? await decrypted(suite, envelope, unlocking) : envelope.section;
  try {
    return await use(seedOf(suite, section, envelope));
  } finally {
    erase(section);
  }
}

/** Asks up to three times. Throws `no-key` where no passphrase fits; the signal's reason. */
async function decrypted(suite: Suite, { lock, section }: Envelope, { ask, signal }: Unlocking): Promise<Secret> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await ask(attempt);
    if (passphrase === null) break;
    try {
      if (passphrase.length === 0) continue;
      const { bcryptPbkdf } = await import("../../crypto/bcrypt.js");
      const key = await bcryptPbkdf(suite, passphrase, lock!.salt, KEY + COUNTER, lock!.rounds, signal);
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
  return equal(partOf(section, 0, 4), partOf(section, 4, 8));
}

/** A view on the section's seed, which is erased with it. */
function seedOf(suite: Suite, section: Secret, { publicKey, block }: Envelope): Secret {
  const fields = new SshFields(section, partOf);
  fields.take(8);
  const type = fields.string();
  const publicHalf = fields.string();
  const both = fields.string();
  const comment = fields.string();
  if (!checksFit(section) || !type || !publicHalf || !both || !comment) throw damaged();
  const padding = fields.take(fields.left)!;
  const seed = partOf(both, 0, SEED);
  const fits =
    seed.reduce((all, byte) => all | byte, 0) !== 0 &&
    equal(type, utf8(SSH_ED25519)) &&
    equal(publicHalf, publicKey) &&
    equal(partOf(both, SEED), publicKey) &&
    equal(suite.signingKey(seed).publicKey, publicKey);
  if (!fits || padding.length >= block || padding.some((byte, i) => byte !== i + 1)) throw damaged();
  return seed;
}
