// What was drawn to encapsulate with ML-KEM-768, found out with the secret key (FIPS 203, K-PKE.Decrypt). Written once
// more, as no library gives the message away.

import { sha3_256, sha3_512 } from "@noble/hashes/sha3.js";

const Q = 3329;
const N = 256;
const K = 3;

const mod = (x: number) => ((x % Q) + Q) % Q;
const power = (base: number, exponent: number) => {
  let out = 1;
  for (let i = 0; i < exponent; i++) out = (out * base) % Q;
  return out;
};
const reversed = (i: number) => Number.parseInt(i.toString(2).padStart(7, "0").split("").reverse().join(""), 2);
const ZETAS = Array.from({ length: 128 }, (_, i) => power(17, reversed(i)));

/** Integers of `bits` bits each, little-endian. */
function unpacked(bytes: Uint8Array, bits: number): number[] {
  const out: number[] = [];
  let held = 0;
  let count = 0;
  for (const byte of bytes) {
    held += byte * 2 ** count;
    count += 8;
    for (; count >= bits; count -= bits) {
      out.push(held % 2 ** bits);
      held = Math.floor(held / 2 ** bits);
    }
  }
  return out;
}

const decompressed = (bytes: Uint8Array, bits: number) =>
  unpacked(bytes, bits).map((x) => Math.floor((x * Q + 2 ** (bits - 1)) / 2 ** bits));

function ntt(poly: readonly number[]): number[] {
  const f = [...poly];
  let k = 1;
  for (let length = 128; length >= 2; length /= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = ZETAS[k++]!;
      for (let j = start; j < start + length; j++) {
        const t = (zeta * f[j + length]!) % Q;
        f[j + length] = mod(f[j]! - t);
        f[j] = (f[j]! + t) % Q;
      }
    }
  }
  return f;
}

function inverse(poly: readonly number[]): number[] {
  const f = [...poly];
  let k = 127;
  for (let length = 2; length <= 128; length *= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = ZETAS[k--]!;
      for (let j = start; j < start + length; j++) {
        const t = f[j]!;
        f[j] = (t + f[j + length]!) % Q;
        f[j + length] = (zeta * mod(f[j + length]! - t)) % Q;
      }
    }
  }
  return f.map((x) => (x * 3303) % Q);
}

function product(f: readonly number[], g: readonly number[]): number[] {
  const h: number[] = [];
  for (let i = 0; i < N / 2; i++) {
    const gamma = power(17, 2 * reversed(i) + 1);
    const [a, b, c, d] = [f[2 * i]!, f[2 * i + 1]!, g[2 * i]!, g[2 * i + 1]!];
    h.push((a * c + ((b * d) % Q) * gamma) % Q, (a * d + b * c) % Q);
  }
  return h;
}

export interface Drawn {
  readonly message: Buffer;
  /** G of message and public key: the shared secret, and what all other randomness follows from. */
  readonly sharedSecret: Buffer;
  readonly randomness: Buffer;
}

/** `secretKey`: the expanded decapsulation key, 2400 bytes. */
export function drawnFor(ciphertext: Uint8Array, secretKey: Uint8Array): Drawn {
  const w = decompressed(ciphertext.subarray(960), 4);
  for (let i = 0; i < K; i++) {
    const u = ntt(decompressed(ciphertext.subarray(320 * i, 320 * (i + 1)), 10));
    const s = unpacked(secretKey.subarray(384 * i, 384 * (i + 1)), 12);
    inverse(product(s, u)).forEach((x, j) => {
      w[j] = mod(w[j]! - x);
    });
  }
  const message = Buffer.alloc(32);
  w.forEach((x, j) => {
    if (x > Q / 4 && x < (3 * Q) / 4) message[j >> 3]! |= 1 << (j & 7);
  });
  const hash = sha3_256(secretKey.subarray(384 * K, 384 * K + 1184));
  const derived = Buffer.from(sha3_512(Buffer.concat([message, hash])));
  return { message, sharedSecret: derived.subarray(0, 32), randomness: derived.subarray(32) };
}
