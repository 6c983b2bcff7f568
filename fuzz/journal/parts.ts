// A journal cut into its base, headers and frames.

import { type Bytes, readU32 } from "../../src/bytes.js";
import { baseLength, isBase } from "../layout.js";
import { takeHeader } from "../sealed/parts.js";

export const isHeader = (piece: Bytes): boolean => piece[0]! >= 0x80 && !isBase(piece);

/** A base, headers and frames, one behind the other; whatever cannot be cut is the last. */
export function takePieces(bytes: Bytes): Bytes[] {
  const pieces: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)!.length) {
    const rest = bytes.subarray(at);
    pieces.push(rest.slice(0, lengthOf(rest)));
  }
  return pieces;
}

function lengthOf(rest: Bytes): number {
  if (isBase(rest)) return Math.min(baseLength(rest), rest.length);
  if (isHeader(rest)) return takeHeader(rest)?.end ?? rest.length;
  return rest.length < 8 ? rest.length : 8 + readU32(rest) + 112;
}
