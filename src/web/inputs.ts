// The input of a call in a browser: bytes, a Blob, a stream, or an address.

import { isA, refused } from "../api/arguments.js";
import { bytes, isStream, refuseLocked } from "../api/given-bytes.js";
import type { Bytes } from "../bytes.js";
import type { Source } from "../flow/io.js";
import { pieceSource, piecesOf } from "../flow/streams.js";
import { isBytes } from "../given.js";
import { blobSource, nameOfBlob } from "../io/blob.js";
import { bytesSource } from "../io/bytes.js";

/** Bytes; a Blob, which a File is; a ReadableStream, or anything else that gives byte arrays one after the other. */
export type WebInput = Uint8Array | Blob | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** An input as it was given, and is from now on. */
export type GivenWebInput =
  | { readonly is: "bytes"; readonly bytes: Bytes }
  | { readonly is: "blob"; readonly blob: Blob }
  | { readonly is: "stream"; readonly stream: AsyncIterable<Uint8Array> };

/** What errors call it. */
const INPUT = "the input";

export function webInputOf(value: unknown): GivenWebInput {
  if (isBytes(value)) return { is: "bytes", bytes: bytes(value, INPUT) };
  if (isA(value, Blob)) return { is: "blob", blob: value };
  if (isA(value, ReadableStream<Uint8Array>)) {
    refuseLocked(value);
    return { is: "stream", stream: value };
  }
  if (isStream(value)) return { is: "stream", stream: value };
  throw refused(INPUT, value, "a Uint8Array, a Blob, a stream of bytes, or { url }");
}

/** What an error calls an input: a file's name. Others have none. */
export function nameOfWeb(input: GivenWebInput): string | undefined {
  return input.is === "blob" ? nameOfBlob(input.blob, "") || undefined : undefined;
}

/** Opens it. Throws `usage`, `io`. */
export async function webSourceFor(input: GivenWebInput): Promise<Source> {
  if (input.is === "bytes") return bytesSource(input.bytes);
  if (input.is === "blob") return blobSource(input.blob);
  return pieceSource(piecesOf(input.stream), "the input stream");
}
