// What the library reads and writes on Node.

import type { Writable } from "node:stream";
import type { InputUrl } from "./options.js";

/** An input file, by its path. */
export interface InputFile {
  readonly path: string;
}

/** An output file, by its path. It gets its name when it is whole; an existing one is refused without `force`. */
export interface OutputFile {
  readonly path: string;
  readonly force?: boolean;
  /** false leaves it to the system when an output reaches the disk; by default it has when the operation is done. */
  readonly sync?: boolean;
}

/**
 * Bytes, a Node Readable, a Web ReadableStream (or anything else that gives byte arrays one after the other), a file,
 * or an address.
 */
export type Input = Uint8Array | AsyncIterable<Uint8Array> | InputFile | InputUrl;

/** A Node Writable, a Web WritableStream, or a file. Streams are ended when all is done, destroyed where it fails. */
export type Output = Writable | WritableStream<Uint8Array> | OutputFile;
