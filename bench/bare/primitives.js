// node primitives.js - what one core does on node:crypto, as JSON: how fast the machine was. Pieces of 64 KiB; GB/s,
// and operations a second.

import { createCipheriv, createHash, diffieHellman, generateKeyPairSync } from "node:crypto";
import { PIECE } from "./crypt.js";

const SECONDS = 0.5;

const piece = Buffer.alloc(PIECE, 1);
const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32, 1), Buffer.alloc(12));
const hash = createHash("sha256");
const { privateKey, publicKey } = generateKeyPairSync("x25519");

process.stdout.write(
  JSON.stringify({
    aes: (rate(() => cipher.update(piece)) * PIECE) / 1e9,
    sha256: (rate(() => hash.update(piece)) * PIECE) / 1e9,
    x25519: rate(() => diffieHellman({ privateKey, publicKey })),
  }),
);

/** How often a second. */
function rate(work) {
  const started = performance.now();
  let count = 0;
  for (; performance.now() - started < SECONDS * 1000; count++) work();
  return count / SECONDS;
}
