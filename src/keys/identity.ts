// Identities: who opens and signs, and the files that hold their secrets (docs/FORMAT.md, "Keys as text").

import { type Bytes, utf8 } from "../bytes.js";
import type { KemKey } from "../crypto/kem.js";
import { kemKey } from "../crypto/kems.js";
import { KEY_BYTES } from "../crypto/lengths.js";
import { copySecret, erase, joinSecret, type Secret } from "../crypto/secret.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { readIdentityLines } from "./identity-lines.js";
import { protect, unprotect } from "./protected.js";
import { encodeSecret, eraseKeys, type OpeningSecret, parseSecret, type SecretKeys } from "./secret-line.js";
import { isPrivateKey } from "./ssh/kinds.js";
import { encodeRecipient, encodeSigner } from "./text.js";

/** An identity, ready for use. Each half may be missing: null. */
export interface IdentityKeys {
  readonly openingKey: KemKey | null;
  readonly signingKey: SigningKey | null;
  /** `seal1…`, of the opening key. */
  readonly recipient: string | null;
  /** `sealsig1…`, of the signing key. */
  readonly signer: string | null;
}

/**
 * Gives the passphrase of a protected identity, which is erased after use, or null to give up; `attempt` counts from 0.
 */
export type AskPassphrase = (attempt: number) => Promise<Secret | null>;

/** A parsed identity file. What it accepts is known before its secret is unlocked. */
export interface IdentityFile {
  /** The senders of its accept lines: Ed25519 public keys. */
  readonly accept: readonly Bytes[];
  readonly isProtected: boolean;
  /** The identity, unlocked once and remembered. Throws `no-key` where no passphrase that was given fits. */
  unlock(): Promise<IdentityKeys>;
}

/** What new identities open with. */
export const DEFAULT_KIND: OpeningSecret["kind"] = "xwing";

/** Which keys a fresh identity has. */
export interface NewIdentity {
  /** What it opens with; null where it is only to sign. */
  readonly opens: OpeningSecret["kind"] | null;
  readonly signs: boolean;
}

/**
 * A fresh secret line, to be erased; it signs by `seed`, where that is given, which stays the caller's. Throws `usage`
 * where there is no such identity: a classic one also signs.
 */
export function generateSecret(suite: Suite, { opens, signs }: NewIdentity, seed: Secret | null = null): Secret {
  const keys: SecretKeys = {
    opening: opens && { kind: opens, secret: suite.randomSecret(KEY_BYTES) },
    seed: signs ? (seed ? copySecret(seed) : suite.randomSecret(KEY_BYTES)) : null,
  };
  try {
    return encodeSecret(keys);
  } finally {
    eraseKeys(keys);
  }
}

/** The identity of a secret line. Throws `usage`, `unsupported`. */
export async function identityOf(suite: Suite, secretLine: Uint8Array): Promise<IdentityKeys> {
  const keys = parseSecret(secretLine);
  try {
    const signingKey = keys.seed && suite.signingKey(keys.seed);
    const openingKey = keys.opening && (await kemKey(suite, keys.opening.kind, keys.opening.secret));
    return {
      openingKey,
      signingKey,
      // As texts, which few need.
      get recipient() {
        return openingKey && encodeRecipient(suite, openingKey.publicKey);
      },
      get signer() {
        return signingKey && encodeSigner(signingKey.publicKey);
      },
    };
  } finally {
    eraseKeys(keys);
  }
}

/** What an identity signs with. Throws `usage` where it only opens. */
export function signingKeyOf({ signingKey }: IdentityKeys): SigningKey {
  if (signingKey) return signingKey;
  throw opensOnly();
}

function opensOnly(): SealError {
  return new SealError("usage", "this identity only opens: it has no key that signs", { reason: "only-opens" });
}

/**
 * Parses an identity file, or a private key of ssh's, which stays the caller's, to be erased. Throws `usage`, naming
 * the line, `unsupported`; no message shows what stands in it. `ask` is called only by `unlock`, which the signal ends
 * where it takes long.
 */
export async function parseIdentityFile(
  suite: Suite,
  file: Secret,
  ask: AskPassphrase,
  signal?: AbortSignal,
): Promise<IdentityFile> {
  if (isPrivateKey(file)) return (await import("./ssh/private.js")).parseSshIdentity(suite, file, ask, signal);
  const { secret, block, accept } = await readIdentityLines(suite, file);
  // Ready at once: so nothing of the file has to be kept.
  let identity = secret && (await identityOf(suite, secret));
  return {
    accept,
    isProtected: block !== null,
    unlock: async () => {
      identity ??= await unprotect(suite, block!, ask, (line) => identityOf(suite, line));
      return identity;
    },
  };
}

/**
 * The seed that an identity signs by, to be erased, and whom it accepts. Throws as `parseIdentityFile` and `unlock`.
 */
export async function readSigner(
  suite: Suite,
  file: Secret,
  ask: AskPassphrase,
  signal?: AbortSignal,
): Promise<{ readonly seed: Secret; readonly accept: readonly Bytes[] }> {
  if (isPrivateKey(file))
    return { seed: await (await import("./ssh/private.js")).sshSeed(suite, file, ask, signal), accept: [] };
  const { secret, block, accept } = await readIdentityLines(suite, file);
  const keys = secret ? parseSecret(secret) : await unprotect(suite, block!, ask, async (line) => parseSecret(line));
  if (keys.opening) erase(keys.opening.secret);
  if (keys.seed) return { seed: keys.seed, accept };
  throw opensOnly();
}

export interface IdentityText {
  /** Whose secret it is. */
  readonly of: Pick<IdentityKeys, "recipient" | "signer">;
  /** Ed25519 public keys for the accept lines. */
  readonly accept: readonly Uint8Array[];
  /** For a protected identity. */
  readonly passphrase?: Secret | undefined;
  /** Unix milliseconds, for a comment. */
  readonly now: number;
}

/** The identity file of a secret line, to be erased. */
export async function formatIdentity(suite: Suite, secretLine: Secret, options: IdentityText): Promise<Secret> {
  const { recipient, signer } = options.of;
  const before = utf8(
    [
      "# seal identity: keep this file secret\n",
      `# created ${new Date(options.now).toISOString()}\n`,
      recipient && `# recipient ${recipient}\n`,
      signer && `# signer    ${signer}\n`,
    ].join(""),
  );
  const { passphrase } = options;
  const secret = passphrase ? copySecret(utf8(await protect(suite, secretLine, passphrase))) : copySecret(secretLine);
  const accept = options.accept.map((key) => `accept ${encodeSigner(key)}\n`).join("");
  const heading = accept && "# files of these senders are opened\n";
  const after = utf8(`${passphrase ? "" : "\n"}${heading}${accept}`);
  const file = joinSecret(before, secret, after);
  erase(secret);
  return file;
}
