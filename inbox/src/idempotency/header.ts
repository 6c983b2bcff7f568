// The header Idempotency-Key, as draft-ietf-httpapi-idempotency-key-header writes it: a string in quotes; without them,
// as it is often sent, it is the same key.

import { isKey } from "./request.js";

/** A string of Structured Fields (RFC 9651). */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** null where the header holds none that can be taken. */
export function keyIn(header: string): string | null {
  const key = header.startsWith('"') ? QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, "$1") : header;
  return key !== undefined && isKey(key) ? key : null;
}
