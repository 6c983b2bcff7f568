// A secret key, as the library's users hold it.

import type { Bytes } from "../bytes.js";
import { copySecret, erase, ownSecret, type Secret } from "../crypto/secret.js";
import { SealError } from "../errors.js";
import { copyOf, isBytes } from "../given.js";
import {
  DEFAULT_KIND,
  formatIdentity,
  generateSecret,
  type IdentityFile,
  identityOf,
  type IdentityKeys as Keys,
  parseIdentityFile,
} from "../keys/identity.js";
import { isPassphrase } from "../keys/passphrase.js";
import { formatPublicKeys } from "../keys/public-keys.js";
import { encodeSigner } from "../keys/text.js";
import { type Check, flag, list, OPTIONS, optional, refused, refuseNew, settings } from "./arguments.js";
import { parseSigners, signers } from "./keys.js";
import { platform } from "./platform.js";

const OURS = Symbol();

let isIdentity: (value: unknown) => value is Identity;
let keysOf: (identity: Identity) => IdentityFile;

/** What the operations need of an identity. Its users have no way to it. */
export function fileOf(identity: Identity): IdentityFile {
  return keysOf(identity);
}

/** How an identity is made. */
export interface NewIdentityOptions {
  /** The senders whose files it opens: `sealsig1…`. */
  readonly accept?: readonly string[];
  /** Protects the secret: text as UTF-8, not empty. It stays yours, to be overwritten. */
  readonly passphrase?: Uint8Array;
  /** An X25519 key, whose text is short, instead of one that a quantum computer does not open either. */
  readonly classic?: boolean;
  /** Leaves out the other key: an identity that only opens, or that only signs. Not with `classic`. */
  readonly only?: "open" | "sign";
}

/**
 * A secret key that is ready for use: it opens what was sealed for `recipient` and signs as `signer`. Its secrets do
 * not show.
 */
export class Identity {
  /** `seal1…`; null where it only signs. */
  readonly recipient: string | null;
  /** `sealsig1…`; null where it only opens. */
  readonly signer: string | null;
  /** The senders whose files it opens: `sealsig1…`. */
  readonly accept: readonly string[];
  readonly #keys: Keys;
  readonly #accept: readonly Bytes[];

  static {
    isIdentity = (value): value is Identity => typeof value === "object" && value !== null && #keys in value;
    keysOf = (identity) => ({ accept: identity.#accept, isProtected: false, unlock: async () => identity.#keys });
  }

  private constructor(ours: typeof OURS, keys: Keys, accept: readonly Bytes[]) {
    refuseNew(ours === OURS, "an identity", "Identity.parse or Identity.generate");
    this.recipient = keys.recipient;
    this.signer = keys.signer;
    this.accept = Object.freeze(accept.map(encodeSigner));
    this.#keys = keys;
    this.#accept = accept;
    Object.freeze(this);
  }

  /**
   * Parses an identity file: its bytes, and those of the passphrase (UTF-8) where it is under one. Both stay yours, to
   * be overwritten. Strings are not taken, as nothing can overwrite one: who has nothing else makes bytes of it by
   * TextEncoder, and leaves the string in memory until the collector has used that again.
   * @throws `SealError`: `usage` where it is none or is damaged, `unsupported` where a newer program made it, `no-key`
   *   for a wrong or missing passphrase.
   */
  static async parse(secretFile: Uint8Array, passphrase?: Uint8Array): Promise<Identity> {
    const given = secretBytes(secretFile, "the identity file");
    let word: Secret | undefined;
    const ask = async (attempt: number) => (attempt === 0 && word ? copySecret(word) : null);
    try {
      word = optional(secretBytes)(passphrase, "passphrase");
      const file = await parseIdentityFile(await platform().suite(), given, ask);
      return new Identity(OURS, await file.unlock(), file.accept);
    } finally {
      erase(given, ...(word ? [word] : []));
    }
  }

  /**
   * Makes a new identity, with its secret file (keep it at mode 0600, and overwrite these bytes) and the text of its
   * public one. It is post-quantum unless `classic`.
   * @throws `SealError`: `usage`.
   */
  static generate(options?: NewIdentityOptions & { readonly only?: undefined }): Promise<Generated<FullIdentity>>;
  static generate(options: NewIdentityOptions): Promise<Generated<Identity>>;
  static async generate(options: NewIdentityOptions = {}): Promise<Generated<Identity>> {
    const { accept: texts = [], passphrase, classic = false, only } = settings(options, OPTIONS, NEW);
    const secrets: Secret[] = passphrase ? [passphrase] : [];
    try {
      if (classic && only) throw new SealError("usage", "classic excludes only");
      const suite = await platform().suite();
      const accept = await parseSigners(texts, "accept");
      const kind = classic ? "x25519" : DEFAULT_KIND;
      const secret = generateSecret(suite, { opens: only === "sign" ? null : kind, signs: only !== "open" });
      secrets.push(secret);
      const identity = new Identity(OURS, await identityOf(suite, secret), accept);
      const secretFile = await formatIdentity(suite, secret, { of: identity, accept, passphrase, now: Date.now() });
      return { identity, secretFile, publicText: formatPublicKeys(identity) };
    } finally {
      erase(...secrets);
    }
  }
}

/** An identity that both opens and signs. */
export type FullIdentity = Identity & { readonly recipient: string; readonly signer: string };

/** A new identity, the bytes of its secret file, and the text of its public one. */
export interface Generated<I extends Identity> {
  readonly identity: I;
  readonly secretFile: Uint8Array;
  readonly publicText: string;
}

const only: Check<"open" | "sign"> = (value, what) => {
  if (value === "open" || value === "sign") return value;
  throw refused(what, value, '"open" or "sign"');
};

const NEW = {
  accept: optional(signers),
  classic: optional(flag),
  only: optional(only),
  // Last: of what is refused for something else, no copy of it is made.
  passphrase: optional(givenPassphrase),
};

/** A copy of bytes, as a secret. */
function secretBytes(value: unknown, what: string): Secret {
  if (!isBytes(value)) throw refused(what, value, "a Uint8Array");
  const copy = copyOf(value);
  if (!copy) throw new SealError("usage", `${what} is a Uint8Array whose memory has been given away`);
  return ownSecret(copy);
}

/** A copy, to be erased. */
export function givenPassphrase(value: unknown, what: string): Secret {
  const passphrase = secretBytes(value, what);
  if (isPassphrase(passphrase)) return passphrase;
  erase(passphrase);
  throw new SealError("usage", `${what} is ${passphrase.length === 0 ? "empty" : "not UTF-8"}`);
}

/** An identity, and nothing that only looks like one. */
const identity: Check<Identity> = (value, what) => {
  if (isIdentity(value)) return value;
  throw refused(what, value, "an Identity");
};

/** An identity that signs. */
export const signing: Check<Identity> = (value, what) => {
  const found = identity(value, what);
  if (found.signer !== null) return found;
  throw new SealError("usage", `${what} is an identity that only opens: it must be one that signs`);
};

const opening: Check<Identity> = (value, what) => {
  const found = identity(value, what);
  if (found.recipient !== null) return found;
  throw new SealError("usage", `${what} is an identity that only signs: it must be one that opens`);
};

/** Identities that open. */
export const identities = list(opening, "an array of identities");
