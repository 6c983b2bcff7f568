// What a thief looks for: secrets that are known to the test, in every form in which a program may hold them.

import { bech32m } from "@scure/base";

/** Needles by the first four bytes. */
export class Needles {
  readonly #byStart = new Map<number, { name: string; bytes: Buffer }[]>();
  /** One bit for each pair of first bytes, so that a search passes quickly over the rest. */
  readonly #pairs = new Uint8Array(2 ** 16);

  /** The bytes as they are. */
  add(name: string, bytes: Buffer): void {
    const start = bytes.readUInt32LE(0);
    this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), { name, bytes }]);
    this.#pairs[bytes.readUInt16LE(0)] = 1;
  }

  /** Also as text, and as SHA-256 holds its state: in words of the machine's order of bytes. */
  addSecret(name: string, secret: Buffer): void {
    this.add(name, secret);
    this.add(`${name} (hex)`, Buffer.from(secret.toString("hex")));
    this.add(`${name} (HEX)`, Buffer.from(secret.toString("hex").toUpperCase()));
    // The last character holds bits of what follows, or padding.
    this.add(`${name} (base64url)`, Buffer.from(secret.toString("base64url").slice(0, -1)));
    this.add(`${name} (base64)`, Buffer.from(secret.toString("base64").replace(/=*$/, "").slice(0, -1)));
    if (secret.length % 4 === 0) this.add(`${name} (words)`, Buffer.from(secret).swap32());
  }

  /** The names of those that stand in a memory. */
  foundIn(memory: Iterable<Buffer>): Set<string> {
    const found = new Set<string>();
    for (const piece of memory) this.#search(piece, found);
    return found;
  }

  #search(piece: Buffer, found: Set<string>): void {
    const pairs = this.#pairs;
    const words = new Int32Array(piece.buffer, piece.byteOffset, piece.length >> 2);
    for (let at = 0; at + 4 <= piece.length; at++) {
      // Most of a memory is zero.
      if ((at & 3) === 0 && words[at >> 2] === 0 && words[(at >> 2) + 1] === 0) at += 3;
      else if (pairs[piece[at]! | (piece[at + 1]! << 8)] !== 0) this.#compare(piece, at, found);
    }
  }

  #compare(piece: Buffer, at: number, found: Set<string>): void {
    for (const { name, bytes } of this.#byStart.get(piece.readUInt32LE(at)) ?? []) {
      if (piece.compare(bytes, 0, bytes.length, at, Math.min(piece.length, at + bytes.length)) === 0) found.add(name);
    }
  }
}

/**
 * The two halves of an identity file's secret line (of types 1 to 3), and the line itself. `opening` is X25519's
 * secret, or X-Wing's seed.
 */
export function secretsOf(identity: string): { opening: Buffer; ed25519: Buffer | null; line: string } {
  const line = /^SEAL-SECRET-KEY-1\S+/m.exec(identity)![0];
  const { words } = bech32m.decode(line as `${string}1${string}`, false);
  const payload = Buffer.from(bech32m.fromWords(words));
  return { opening: payload.subarray(1, 33), ed25519: payload[0] === 3 ? null : payload.subarray(33, 65), line };
}

/** An identity's secrets, also as the line of its file, in either case. */
export function addIdentity(needles: Needles, name: string, identity: string): void {
  const { opening, ed25519, line } = secretsOf(identity);
  needles.addSecret(`${name}: opening secret`, opening);
  if (ed25519) needles.addSecret(`${name}: Ed25519 seed`, ed25519);
  // Beyond the prefix: the digits of either half, and as values of 5 bits.
  const digits = line.slice("SEAL-SECRET-KEY-1".length);
  for (const [half, from] of [
    ["first", 2],
    ["second", 56],
  ] as const) {
    if (half === "second" && !ed25519) continue;
    const part = digits.slice(from, from + 40);
    needles.add(`${name}: ${half} half (Bech32)`, Buffer.from(part));
    needles.add(`${name}: ${half} half (bech32)`, Buffer.from(part.toLowerCase()));
    const values = bech32m.decode(line as `${string}1${string}`, false).words.slice(from, from + 40);
    needles.add(`${name}: ${half} half (5-bit values)`, Buffer.from(values));
  }
}
