// Content codings of bodies (RFC 9110, section 8.4). The decoders are our own: zlib and libzstd keep what they have
// decoded in memory that nobody but they can overwrite, where a thief finds it long after the answer.

import { setImmediate as turn } from "node:timers/promises";
import { Problem } from "../problem.js";
import { gunzip } from "./gzip.js";
import { Output } from "./output.js";
import { unzstd } from "./zstd/frame.js";

type Decoder = (input: Uint8Array, output: Output) => Generator<void>;

const DECODERS = { gzip: gunzip, zstd: unzstd } satisfies Record<string, Decoder>;

export type Encoding = keyof typeof DECODERS;

/** What is taken beside bodies as they are. */
export const ENCODINGS = Object.keys(DECODERS) as Encoding[];

/** What a Content-Encoding says; null where a body comes as it is. Throws `Problem` for any other. */
export function encodingOf(header: string | undefined): Encoding | null {
  const name = header?.trim().toLowerCase() ?? "identity";
  if (name === "identity") return null;
  const found = name === "x-gzip" ? "gzip" : ENCODINGS.find((known) => known === name);
  if (found) return found;
  throw new Problem("content-encoding", `Content-Encoding may be ${ENCODINGS.join(" or ")}, once, or absent.`);
}

/**
 * What a body is once it is decoded, of at most `limit` bytes; the body is overwritten. `room` is told of memory before
 * it is taken. Throws `Problem`; what `room` throws.
 */
export async function decoded(
  encoding: Encoding,
  body: Buffer,
  limit: number,
  room: (bytes: number) => void,
): Promise<Buffer> {
  const output = new Output(limit, room);
  try {
    for (const _ of DECODERS[encoding](body, output)) await turn();
    return Buffer.from(output.bytes.buffer, 0, output.length);
  } catch (error) {
    output.wipe();
    throw error;
  } finally {
    body.fill(0);
  }
}
