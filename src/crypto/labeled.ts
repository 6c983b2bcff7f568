// LabeledExtract and LabeledExpand of HPKE (RFC 9180, 4): HKDF, bound to what it is used for.

import { type Bytes, concat, u16, utf8 } from "../bytes.js";
import { hkdfExpand, hkdfExtract } from "./hkdf.js";
import { newSecret, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const VERSION = utf8("HPKE-v1");

type Label = "eae_prk" | "shared_secret" | "info_hash" | "psk_id_hash" | "secret" | "key" | "base_nonce";

/** What stands before the material or the info, of each suite id: every trial of a stanza asks for the same. */
const prefixes = new WeakMap<Uint8Array, Map<string, Bytes>>();

function prefixOf(suiteId: Uint8Array, label: Label, length?: number): Bytes {
  const known = prefixes.get(suiteId) ?? new Map<string, Bytes>();
  prefixes.set(suiteId, known);
  const name = length === undefined ? label : `${label} ${length}`;
  const prefix =
    known.get(name) ?? concat(...(length === undefined ? [] : [u16(length)]), VERSION, suiteId, utf8(label));
  known.set(name, prefix);
  return prefix;
}

export const NO_SALT = newSecret(0);

export function labeledExtract(
  suite: Suite,
  suiteId: Uint8Array,
  salt: Secret,
  label: Label,
  material: Uint8Array,
): Secret {
  return hkdfExtract(suite, salt, prefixOf(suiteId, label), material);
}

export function labeledExpand(
  suite: Suite,
  suiteId: Uint8Array,
  prk: Secret,
  label: Label,
  info: Uint8Array,
  length: number,
): Secret {
  return hkdfExpand(suite, prk, length, prefixOf(suiteId, label, length), info);
}
