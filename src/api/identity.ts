// A secret key, as the library's users hold it.

import type { Bytes } from "../bytes.js";
import { loadSuite } from "../crypto/index.js";
import {
  formatIdentity,
  formatPublicKeys,
  generateSecret,
  type IdentityFile,
  type Identity as Keys,
  parseIdentityFile,
} from "../keys/identity.js";
import { encodeSigner, parseSigner } from "../keys/text.js";

/** A secret key that is ready for use: it opens what was sealed for `recipient` and signs as `signer`. Its secrets do not show. */
export class Identity {
  /** `seal1…` */
  readonly recipient: string;
  /** `sealsig1…` */
  readonly signer: string;
  /** The senders whose files it opens: `sealsig1…`. */
  readonly accept: readonly string[];
  readonly #keys: Keys;
  readonly #accept: readonly Bytes[];

  private constructor(keys: Keys, accept: readonly Bytes[]) {
    this.recipient = keys.recipient;
    this.signer = keys.signer;
    this.accept = accept.map(encodeSigner);
    this.#keys = keys;
    this.#accept = accept;
  }

  /**
   * Parses the text of an identity file. Throws `SealError`: `usage` where it is none or is damaged, `no-key` for a wrong
   * or missing passphrase.
   */
  static async parse(text: string, passphrase?: string): Promise<Identity> {
    const ask = async (attempt: number) => (attempt === 0 ? (passphrase ?? null) : null);
    const file = await parseIdentityFile(await loadSuite(), text, ask);
    return new Identity(await file.unlock(), file.accept);
  }

  /**
   * Makes a new identity: the texts of its secret file (keep it at mode 0600) and of its public one.
   * `accept` are the senders whose files it opens, `passphrase` protects the secret.
   */
  static async generate(
    options: { readonly accept?: readonly string[]; readonly passphrase?: string } = {},
  ): Promise<{ identity: Identity; secretFile: string; publicFile: string }> {
    const suite = await loadSuite();
    const accept = await Promise.all((options.accept ?? []).map(parseSigner));
    const { passphrase } = options;
    const secretFile = await formatIdentity(suite, generateSecret(suite), { accept, passphrase, now: Date.now() });
    const identity = await Identity.parse(secretFile, passphrase);
    return { identity, secretFile, publicFile: formatPublicKeys(identity) };
  }

  /** @internal */
  static fileOf(identity: Identity): IdentityFile {
    return { accept: identity.#accept, isProtected: false, unlock: async () => identity.#keys };
  }
}
