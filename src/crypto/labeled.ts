// LabeledExtract and LabeledExpand of HPKE (RFC 9180, 4): HKDF, bound to what it is used for.

import { concat, u16, utf8 } from "../bytes.js";
import { hkdfExpand, hkdfExtract } from "./hkdf.js";
import { newSecret, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const VERSION = utf8("HPKE-v1");

const LABELS = {
  eae_prk: utf8("eae_prk"),
  shared_secret: utf8("shared_secret"),
  info_hash: utf8("info_hash"),
  psk_id_hash: utf8("psk_id_hash"),
  secret: utf8("secret"),
  key: utf8("key"),
  base_nonce: utf8("base_nonce"),
};
type Label = keyof typeof LABELS;

export const NO_SALT = newSecret(0);

export function labeledExtract(
  suite: Suite,
  suiteId: Uint8Array,
  salt: Secret,
  label: Label,
  material: Uint8Array,
): Secret {
  return hkdfExtract(suite, salt, VERSION, suiteId, LABELS[label], material);
}

export function labeledExpand(
  suite: Suite,
  suiteId: Uint8Array,
  prk: Secret,
  label: Label,
  info: Uint8Array,
  length: number,
): Secret {
  return hkdfExpand(suite, prk, concat(u16(length), VERSION, suiteId, LABELS[label], info), length);
}
