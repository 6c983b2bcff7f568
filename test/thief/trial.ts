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
  for (const { key, piece, at } of keysIn(memory, seen)) {
    if (derive(key, "seal.v1 commitment").equals(commitment)) found.add("file key, tried");
    if (publicOf(key, "Ed25519").equals(recordKey)) found.add("record key's seed, tried");
    if (isClamped(key) && publicOf(key).equals(enc)) found.add("ephemeral secret, tried");
    if (trial.openedBy(key)) found.add("shared secret, tried");
    if (noncesFor(piece, at, trial.nonce).some((nonce) => trial.opened(key, nonce))) found.add("HPKE key, tried");
  }
  return [...found];
}

/** The places of those headers of whose first stanza the memory has the ephemeral secret. `seen`: as for `tried`. */
export function ephemeralsOf(heads: readonly Head[], memory: Iterable<Buffer>, seen = new Set<string>()): number[] {
  const places = new Map(heads.map(({ enc }, place) => [enc.toString("hex"), place]));
  const found = new Set<number>();
  for (const { key } of keysIn(memory, seen)) {
    const place = isClamped(key) ? places.get(publicOf(key).toString("hex")) : undefined;
    if (place !== undefined) found.add(place);
  }
  return [...found];
}

interface Candidate {
  readonly key: Buffer;
  /** Where it stands; the piece is the memory's, until the next one. */
  readonly piece: Buffer;
  readonly at: number;
}

/** The 32 bytes at each address that malloc or V8 may give, where they could be a key. As `tried` has it of `seen`. */
export function* keysIn(memory: Iterable<Buffer>, seen = new Set<string>()): Generator<Candidate> {
  for (const piece of memory) {
    for (let at = 0; at + 32 <= piece.length; at += 8) {
      if (piece.readInt32LE(at) === 0 || !isRandom(piece, at)) continue;
      const key = Buffer.from(piece.subarray(at, at + 32));
      const text = key.toString("latin1");
      if (seen.has(text)) continue;
      seen.add(text);
      yield { key, piece, at };
    }
  }
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

/** The X25519 public key of a secret, or the Ed25519 public key of a seed. */
export function publicOf(secret: Buffer, curve: "X25519" | "Ed25519" = "X25519"): Buffer {
  if (!TAKES_ANY_JWK) {
    const key = Buffer.concat([curve === "X25519" ? X25519 : ED25519, secret]);
    const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    return createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  }
  const key = { kty: "OKP", crv: curve, d: secret.toString("base64url"), x: ANY };
  const { x } = createPublicKey(createPrivateKey({ key, format: "jwk" })).export({ format: "jwk" });
  return Buffer.from(x!, "base64url");
}
