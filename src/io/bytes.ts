// Byte arrays as input and output.

import { type Bytes, concat } from "../bytes.js";
import type { Sink, Source } from "../flow/io.js";

export function bytesSource(bytes: Uint8Array, name = "the input"): Source {
  let position = 0;
  const readAt = async (from: number, length: number) => bytes.subarray(from, from + length);
  const read = async (length: number) => {
    const piece = await readAt(position, length);
    position += piece.length;
    return piece;
  };
  return {
    name,
    size: bytes.length,
    fd: null,
    read,
    fill: async (into) => {
      const piece = await read(into.length);
      into.set(piece);
      return piece.length;
    },
    readAt,
    skipTo: async (to) => {
      position = to;
    },
    checkUnchanged: async () => {},
    close: async () => {},
  };
}

/** A sink that keeps what is written; `take` gives it after the commit. */
export function bytesSink(): Sink & { take(): Bytes } {
  const parts: Uint8Array[] = [];
  return {
    name: "the output",
    fd: null,
    keeps: false,
    write: async (bytes) => {
      parts.push(bytes.slice());
    },
    commit: async () => {},
    abort: async () => {
      parts.length = 0;
    },
    take: () => concat(...parts),
  };
}
