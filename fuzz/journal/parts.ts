// A journal cut into its headers and frames.

import { type Bytes, readU32 } from "../../src/bytes.js";
import { takeHeader } from "../sealed/parts.js";

export const isHeader = (piece: Bytes): boolean => piece[0]! >= 0x80;

/** Headers and frames, one behind the other; whatever cannot be cut is the last. */
export function takePieces(bytes: Bytes): Bytes[] {
  const pieces: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)!.length) {
    const rest = bytes.subarray(at);
    pieces.push(rest.slice(0, lengthOf(rest)));
  }
  return pieces;
}

function lengthOf(rest: Bytes): number {
  if (isHeader(rest)) return takeHeader(rest)?.end ?? rest.length;
  return rest.length < 4 ? rest.length : 4 + readU32(rest) + 112;
}
