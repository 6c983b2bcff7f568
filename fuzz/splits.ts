// The same bytes in pieces, as a stream may give them.

import { hashOf, randomOf } from "./random.js";

/** Cuts that the bytes themselves decide. Pieces are copies, and are overwritten once the next is asked for. */
export async function* split(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const random = randomOf(hashOf(bytes));
  const most = random.pick([1, 3, 64, 4096, 65536]);
  // One byte at a time is slow: after some of them, the rest comes faster.
  for (let at = 0, pieces = 0; at < bytes.length; pieces++) {
    const length = random.oneIn(16) ? 0 : 1 + random.below(pieces < 200 ? most : 8192);
    const piece = bytes.slice(at, at + length);
    yield piece;
    piece.fill(0xa5);
    at += length;
  }
}
