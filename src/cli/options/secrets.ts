// Secrets that stand on the command line, where everybody on the machine reads them.

import { SealError } from "../../errors.js";
import { holdsPrivateKey } from "../../keys/ssh/kinds.js";
import { keyKind, keyText } from "../../keys/text.js";

export const COMPROMISED =
  "Anyone on this machine can read a command line. Treat this key as compromised, and make a new one.";

/** Whether a word is a secret key: this program's, or a private key of ssh's or another's. */
export function isSecretWord(word: string): boolean {
  return keyKind(keyText(word)) === "secret" || holdsPrivateKey(word);
}

/** A private key where a public one belongs. It is not repeated. Throws `usage`. */
export function refusePrivateKey(flag: string, word: string): void {
  if (!holdsPrivateKey(word)) return;
  throw new SealError("usage", `${flag} is given a private key`, { hint: COMPROMISED });
}
