// LabeledExtract and LabeledExpand of HPKE (RFC 9180, 4): HKDF, bound to what it is used for.

import { concat, u16, utf8 } from "../bytes.js";
import { hkdfExpand, hkdfExtract } from "./hkdf.js";
import { newSecret, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const VERSION = utf8("HPKE-v1");

export const NO_SALT = newSecret(0);

export function labeledExtract(
  suite: Suite,
  suiteId: Uint8Array,
  salt: Secret,
  label: string,
  material: Uint8Array,
): Secret {
  return hkdfExtract(suite, salt, VERSION, suiteId, utf8(label), material);
}

export function labeledExpand(
  suite: Suite,
  suiteId: Uint8Array,
  prk: Secret,
  label: string,
  info: Uint8Array,
  length: number,
): Secret {
  return hkdfExpand(suite, prk, concat(u16(length), VERSION, suiteId, utf8(label), info), length);
}
