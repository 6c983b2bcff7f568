// What two people read to each other to find out whether they have the same key (docs/FORMAT.md, "Fingerprints").

import { utf8 } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";

const GROUPS = 6;
const DIGITS = 5;

/** Thirty decimal digits in groups of five, of a key's text: finding another key that has them takes 2^99 attempts. */
export function fingerprint(suite: Suite, key: string): string {
  const hash = suite.sha256(utf8(`seal.v1 fingerprint\0${key}`));
  const number = hash.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const digits = (number % 10n ** BigInt(GROUPS * DIGITS)).toString().padStart(GROUPS * DIGITS, "0");
  return digits.match(/\d{5}/g)!.join(" ");
}
