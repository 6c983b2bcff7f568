// The secret line of an identity (docs/FORMAT.md, "Keys as text"): which keys there are, by its type.

import { isZero, utf8 } from "../bytes.js";
import type { KemName } from "../crypto/kem.js";
import { KEY_BYTES } from "../crypto/lengths.js";
import { copySecret, erase, joinSecret, partOf, type Secret } from "../crypto/secret.js";
import { SealError } from "../errors.js";
import { decodeUpper, encodeUpper } from "./bech32m.js";

/** What a key of this program opens with: an X25519 secret, or the seed of an X-Wing key. 32 bytes each. */
export interface OpeningSecret {
  readonly kind: KemName;
  readonly secret: Secret;
}

/** What an identity is made of; null for the key that it does not have. Whoever holds it erases it. */
export interface SecretKeys {
  readonly opening: OpeningSecret | null;
  /** The Ed25519 seed, 32 bytes. */
  readonly seed: Secret | null;
}

/** What stands behind each type of payload. */
const TYPES: readonly {
  readonly type: number;
  readonly opens: OpeningSecret["kind"] | null;
  readonly signs: boolean;
}[] = [
  { type: 1, opens: "x25519", signs: true },
  { type: 2, opens: "xwing", signs: true },
  { type: 3, opens: "xwing", signs: false },
  { type: 4, opens: null, signs: true },
];

const PREFIX = utf8("SEAL-SECRET-KEY-");
const BEGINNING = utf8("SEAL-SECRET-KEY-1");

/** What messages and hints call it. */
export const SECRET_BEGINS = "SEAL-SECRET-KEY-1";

/** The line, without an end. Throws `usage` where no type of secret has these keys. */
export function encodeSecret({ opening, seed }: SecretKeys): Secret {
  const found = TYPES.find(({ opens, signs }) => opens === (opening?.kind ?? null) && signs === (seed !== null));
  if (!found) throw new SealError("usage", "no type of secret key has these keys, and no others");
  const payload = joinSecret(Uint8Array.of(found.type), ...(opening ? [opening.secret] : []), ...(seed ? [seed] : []));
  try {
    return encodeUpper(PREFIX, payload);
  } finally {
    erase(payload);
  }
}

/**
 * The keys of a secret line. Throws `usage`; `unsupported` for a type that a newer program has made. The message never
 * shows what stands in it.
 */
export function parseSecret(line: Uint8Array): SecretKeys {
  const payload = decode(line);
  try {
    return keysOf(payload);
  } finally {
    erase(payload);
  }
}

function keysOf(payload: Secret): SecretKeys {
  if (payload.length === 0) throw unusable("it has no type");
  const found = TYPES.find(({ type }) => type === payload[0]);
  if (!found) {
    throw new SealError("unsupported", `a secret key of type ${payload[0]}, which this program does not know`, {
      hint: "A newer seal has made it.",
    });
  }
  const due = KEY_BYTES * (Number(found.opens !== null) + Number(found.signs));
  if (payload.length !== 1 + due) throw unusable(`it has ${payload.length - 1} bytes instead of ${due}`);
  for (let at = 1; at < payload.length; at += KEY_BYTES) {
    if (isZero(partOf(payload, at, at + KEY_BYTES))) throw unusable("a key in it is zero");
  }
  const [first, last] = [partOf(payload, 1, 1 + KEY_BYTES), partOf(payload, payload.length - KEY_BYTES)];
  return {
    opening: found.opens && { kind: found.opens, secret: copySecret(first) },
    seed: found.signs ? copySecret(last) : null,
  };
}

/** Erases what it holds. */
export function eraseKeys({ opening, seed }: SecretKeys): void {
  if (opening) erase(opening.secret);
  if (seed) erase(seed);
}

/** Whether a line begins as a secret, in whatever case. */
export function beginsAsSecret(line: Uint8Array): boolean {
  return BEGINNING.every((letter, i) => letter === upper(line[i]!));
}

function upper(byte: number): number {
  return isLower(byte) ? byte - 0x20 : byte;
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

/** The payload, of any length. Throws `usage`. */
function decode(line: Uint8Array): Secret {
  if (!beginsAsSecret(line)) {
    throw new SealError("usage", "not a secret key", { hint: `It begins with "${SECRET_BEGINS}".` });
  }
  refuseStrange(line);
  if (line.some(isLower)) throw unusable("it is written in upper case only");
  const payload = decodeUpper(PREFIX, line);
  if (payload === "padding") throw unusable("its padding is not zero");
  if (payload !== "checksum") return payload;
  throw new SealError("usage", "a mistyped secret key: its checksum does not match", {
    hint: "A character is wrong, missing or extra. Copy the key again.",
  });
}

/** What no key has is told; most of it cannot be seen. */
function refuseStrange(line: Uint8Array): void {
  const strange = line.find((byte) => !isPlain(byte));
  if (strange === undefined) return;
  const what = strange === 0x20 ? "a space" : strange === 0x09 ? "a tab" : "a character that no key has";
  throw new SealError("usage", `not a secret key: it holds ${what}`, {
    hint: "A key has only letters and digits. Copy it again, without anything before or after it.",
  });
}

/** A letter, a digit or a hyphen. */
function isPlain(byte: number): boolean {
  const letter = upper(byte);
  return (letter >= 0x41 && letter <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
}

function unusable(why: string): SealError {
  return new SealError("usage", `not a usable secret key: ${why}`);
}
