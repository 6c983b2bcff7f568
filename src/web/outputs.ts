// The output of a call in a browser: a stream, a file that the page may write to, or a function.

import { callback, hasMethod, isA, refused } from "../api/arguments.js";
import { refuseLocked } from "../api/given-bytes.js";
import type { Sink } from "../flow/io.js";
import { webSink } from "../flow/streams.js";
import { callbackSink, type FileHandleLike, handleSink } from "../io/handle.js";

/**
 * A WritableStream, which is closed when all is done, and aborted where the operation fails; a FileSystemFileHandle,
 * whose file changes only when all is done; or a function, which is called with the bytes in order, and waited for.
 */
export type WebOutput = WritableStream<Uint8Array> | FileHandleLike | ((bytes: Uint8Array) => unknown);

/** An output as it was given, and is from now on. */
export type GivenWebOutput =
  | { readonly is: "stream"; readonly stream: WritableStream<Uint8Array> }
  | { readonly is: "file"; readonly handle: FileHandleLike }
  | { readonly is: "function"; readonly take: (bytes: Uint8Array) => unknown };

const OUTPUT = "the output";

export function webOutputOf(value: unknown): GivenWebOutput {
  if (isA(value, WritableStream<Uint8Array>)) {
    refuseLocked(value);
    return { is: "stream", stream: value };
  }
  if (hasMethod(value, "createWritable")) return { is: "file", handle: value as FileHandleLike };
  if (typeof value === "function") return { is: "function", take: callback(value, OUTPUT) };
  throw refused(OUTPUT, value, "a WritableStream, a FileSystemFileHandle or a function");
}

/** Opens it. Throws `io`. */
export async function webSinkOf(output: GivenWebOutput, signal: AbortSignal | undefined): Promise<Sink> {
  if (output.is === "stream") return webSink(output.stream, "the output stream", signal);
  if (output.is === "file") return handleSink(output.handle, signal);
  return callbackSink(output.take, signal);
}
