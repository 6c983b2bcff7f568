// Who signs: an identity, or an object that asks one elsewhere.

import type { Bytes } from "../bytes.js";
import type { HeaderSigner } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { copyOf, isBytes } from "../given.js";
import { signingKeyOf } from "../keys/identity.js";
import { type Check, hasMethod, text, withMethods } from "./arguments.js";
import { fileOf, type Identity, signing } from "./identity.js";
import { parseSigners } from "./keys.js";
import { platform } from "./platform.js";

/**
 * A signing key that is elsewhere: in an agent, a token, a service or another process. It is asked once for each file
 * or epoch; a fresh record key, which its signature certifies, signs the rest.
 */
export interface Signer {
  /** Its public key: `sealsig1…`. */
  readonly signer: string;
  /**
   * The Ed25519 signature (RFC 8032, pure), 64 bytes, of the message as it is, 47 bytes (docs/FORMAT.md, "Header
   * authenticator"). Nothing is written before it is there and right; what it throws ends the operation.
   */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A signer of the caller's own making, of which the text has been read. */
interface Elsewhere {
  readonly is: "elsewhere";
  readonly signer: string;
  readonly object: Signer;
  readonly what: string;
}

export type GivenSigner = Identity | Elsewhere;

/** An identity that signs, or an object with a `signer` and a method `sign`. */
export const signer: Check<GivenSigner> = (value, what) => {
  if (!hasMethod(value, "sign")) return signing(value, what);
  const object = withMethods<Signer>(value, what, ["sign"]);
  return { is: "elsewhere", signer: text(object.signer, `${what}.signer`), object, what };
};

/** What signs headers. Throws `usage` where the public key is none, `no-key` as unlocking does. */
export async function headerSigner(given: GivenSigner): Promise<HeaderSigner> {
  if (!("is" in given)) return signingKeyOf(await fileOf(given).unlock());
  const { object, what } = given;
  const [publicKey] = await parseSigners([given.signer], `${what}.signer`);
  const verifying = (await platform().suite()).checkedVerifyingKey(publicKey!);
  const sign = async (message: Uint8Array): Promise<Bytes> => {
    const answer: unknown = await object.sign(Uint8Array.from(message));
    const signature = isBytes(answer) ? copyOf(answer) : null;
    if (signature && verifying.verify(message, signature)) return signature;
    throw new SealError("usage", `what ${what} gives is not a signature by ${given.signer}`);
  };
  return { publicKey: publicKey!, sign };
}
