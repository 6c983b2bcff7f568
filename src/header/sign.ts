// The header signature, for which the signer is asked once (docs/FORMAT.md, "Header authenticator").

import type { Bytes } from "../bytes.js";
import type { HeaderSigner, Suite } from "../crypto/suite.js";
import { abortable } from "../flow/order.js";
import { headerMessage } from "../format/header.js";

/** The signature, 64 bytes. Throws what the signer throws; the signal's reason. */
export async function signHeader(
  suite: Suite,
  signer: HeaderSigner,
  coreBytes: Uint8Array,
  stanzaBytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const asked = async () => signer.sign(headerMessage(suite, coreBytes, stanzaBytes));
  return abortable(asked(), signal);
}
