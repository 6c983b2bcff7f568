// Vectors that are too large to be stored.

import { type Bytes, concat, fromHex } from "../src/bytes.js";

/** The bytes `hex`, then zeros, all of it so many times. */
export interface Generated {
  readonly hex: string;
  readonly zeros?: number;
  readonly times?: number;
}

export function generated(parts: readonly Generated[]): Bytes {
  return concat(
    ...parts.flatMap(({ hex, zeros = 0, times = 1 }) =>
      Array.from({ length: times }, () => concat(fromHex(hex), new Uint8Array(zeros))),
    ),
  );
}
