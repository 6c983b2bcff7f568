// What every chunk asks for and nothing else: cipher, hash, in pieces that stay in the processor's cache. No tag, no
// signature.

import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

export const CHUNK = 4 * 1024 * 1024;
export const PIECE = 64 * 1024;

const key = Buffer.alloc(32, 1);
const noop = { update: () => undefined };

/**
 * The work of one chunk, piece by piece.
 * @param {string} mode seal | unsigned (no hash) | open (hash, decipher) | open-unsigned | verify (hash only)
 * @param {number} index
 * @returns {(piece: Uint8Array) => Uint8Array | null} null where there is no output
 */
export function chunkWork(mode, index) {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  const hash = mode.endsWith("unsigned") ? noop : createHash("sha256");
  if (mode === "verify") {
    return (piece) => {
      hash.update(piece);
      return null;
    };
  }
  if (mode.startsWith("open")) {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
    return (piece) => {
      hash.update(piece);
      return decipher.update(piece);
    };
  }
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  return (piece) => {
    const out = cipher.update(piece);
    hash.update(out);
    return out;
  };
}
