// What a thief does who knows nothing: each piece of a memory that could be a key is tried on what was sealed.

import { createPrivateKey, createPublicKey } from "node:crypto";
import { derive, type Head } from "./keys.js";

const MOST_DOUBLED = 8;
/** What stands before a secret in PKCS #8. */
const X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * What opens the header, of the 32 bytes at each address that malloc or V8 may give: the file key, the ephemeral secret
 * of a stanza, the shared secret of its HPKE, and HPKE's key, with the nonce that belongs to it, or with the 12 bytes
 * that stand right before it or behind it; and what signs its records, the seed of the record key. Nothing in `seen` is
 * tried, and what is tried is added to it.
 */
export function tried(memory: Iterable<Buffer>, head: Head, seen = new Set<string>()): string[] {
  const { commitment, enc, recordKey, trial } = head;
  const found = new Set<string>();
  for (const piece of memory) {
    for (let at = 0; at + 32 <= piece.length; at += 8) {
      if (piece.readInt32LE(at) === 0 || !isRandom(piece, at)) continue;
      const window = Buffer.from(piece.subarray(at, at + 32));
      const text = window.toString("latin1");
      if (seen.has(text)) continue;
      seen.add(text);
      if (derive(window, "seal.v1 commitment").equals(commitment)) found.add("file key, tried");
      if (signsAs(window).equals(recordKey)) found.add("record key's seed, tried");
      if (isClamped(window) && publicOf(window).equals(enc)) found.add("ephemeral secret, tried");
      if (trial.openedBy(window)) found.add("shared secret, tried");
      if (noncesFor(piece, at, trial.nonce).some((nonce) => trial.opened(window, nonce))) found.add("HPKE key, tried");
    }
  }
  return [...found];
}

/** The nonce that is known, and what may be one beside a key. */
function noncesFor(piece: Buffer, at: number, known: Buffer): Buffer[] {
  const beside = [piece.subarray(Math.max(0, at - 12), at), piece.subarray(at + 32, at + 44)];
  return [known, ...beside.filter((nonce) => nonce.length === 12 && nonce.readInt32LE(0) !== 0)];
}

/** In which window a byte was last seen. */
const lastSeen = new Float64Array(256);
let windows = 0;

/** Of 32 random bytes, so few different ones are seen once in ten million; text and pointers have fewer. */
function isRandom(piece: Buffer, at: number): boolean {
  windows += 1;
  let doubled = 0;
  for (let i = at; i < at + 32; i++) {
    const byte = piece[i]!;
    if (lastSeen[byte] === windows && ++doubled > MOST_DOUBLED) return false;
    lastSeen[byte] = windows;
  }
  return true;
}

/** As OpenSSL keeps X25519 secrets that it has drawn. */
function isClamped(window: Buffer): boolean {
  return (window[0]! & 7) === 0 && (window[31]! & 0xc0) === 0x40;
}

/** OpenSSL 3.0 takes a millisecond for a key in DER; Node before 22 a JWK that names another public key. */
const TAKES_ANY_JWK = process.versions.node.startsWith("20.");
const ANY = Buffer.alloc(32).toString("base64url");

/** The Ed25519 public key of a seed. */
function signsAs(seed: Buffer): Buffer {
  if (!TAKES_ANY_JWK) return publicOf(seed, ED25519);
  const key = { kty: "OKP", crv: "Ed25519", d: seed.toString("base64url"), x: ANY };
  const { x } = createPublicKey(createPrivateKey({ key, format: "jwk" })).export({ format: "jwk" });
  return Buffer.from(x!, "base64url");
}

function publicOf(secret: Buffer, kind = X25519): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([kind, secret]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
}
