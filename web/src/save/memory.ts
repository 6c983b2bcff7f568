// Outputs that the browser holds as a blob until they are whole: the last resort, from disk in a browser without a
// picker.

import { type Target, TooLarge } from "./target.js";

/** Bytes that are collected before the browser is given them; it moves them out of the page's memory. */
const PIECE = 8 * 1024 * 1024;
/** Browsers differ in how much they hold; all hold that much. */
export const MOST = 1024 * 1024 * 1024;

export function memoryTarget(): Target {
  let blobs: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let [waiting, total] = [0, 0];
  const gather = () => {
    blobs.push(new Blob(pieces));
    pieces = [];
    waiting = 0;
  };
  return {
    is: "memory",
    stream: new WritableStream({
      write: (bytes) => {
        total += bytes.length;
        if (total > MOST) throw new TooLarge();
        pieces.push(bytes.slice());
        waiting += bytes.length;
        if (waiting >= PIECE) gather();
      },
    }),
    result: async () => {
      gather();
      return new Blob(blobs);
    },
    discard: async () => {
      [blobs, pieces] = [[], []];
    },
  };
}
