// Streams as input and output: Node's, the Web's, and anything that can be iterated.

import type { Writable } from "node:stream";
import { ioError } from "../errors.js";
import type { Sink, Source } from "../flow/io.js";
import { abortable } from "../flow/order.js";
import { operationFailed, pieceSource, piecesOf, quietly } from "../flow/streams.js";
import { stream as nodeStream } from "./lazy.js";

export { webSink } from "../flow/streams.js";

/**
 * A source that reads an iterable's byte arrays once, in order. Node's Readable and the Web's ReadableStream are such.
 */
export function streamSource(iterable: AsyncIterable<Uint8Array>, name: string): Source {
  if (iterable instanceof ReadableStream || !(iterable instanceof nodeStream().Readable))
    return pieceSource(piecesOf(iterable), name);
  return pieceSource({ pieces: iterable[Symbol.asyncIterator](), leave: () => void iterable.destroy() }, name);
}

/**
 * Ends streams that were handed over for what has failed before they were begun; those that somebody else uses are
 * theirs. Never throws.
 */
export function letGo(...streams: readonly unknown[]): void {
  for (const stream of streams) quietly(async () => endOf(stream));
}

/** What was handed over may be anything. */
function endOf(stream: unknown): unknown {
  if (typeof stream !== "object" || stream === null || ("locked" in stream && stream.locked)) return;
  if (stream instanceof ReadableStream) return stream.cancel();
  if (stream instanceof WritableStream) return stream.abort(operationFailed());
  if ("destroy" in stream && typeof stream.destroy === "function") return stream.destroy();
  if (Symbol.asyncIterator in stream) return (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
}

/**
 * A sink that writes to a Node stream, one write at a time, and ends it at the commit unless `keepOpen`. `keeps`: it
 * may hand the bytes on, as a PassThrough does, instead of having them written when it says so.
 */
export function writableSink(
  stream: Writable,
  name: string,
  {
    keepOpen = false,
    keeps = true,
    signal,
  }: { keepOpen?: boolean; keeps?: boolean; signal?: AbortSignal | undefined } = {},
): Sink {
  let failed: Error | null = null;
  let reject: ((error: Error) => void) | null = null;
  const fail = (error: Error) => {
    failed ??= error;
    reject?.(failed);
  };
  stream.on("error", fail);
  stream.on("close", () => fail(new Error("it was closed")));
  const waiting = async (start: (done: (error?: Error | null) => void) => void): Promise<void> => {
    try {
      await new Promise<void>((resolve, refuse) => {
        if (failed) throw failed;
        reject = refuse;
        start((error) => (error ? refuse(error) : resolve()));
      });
    } catch (error) {
      throw ioError(`cannot write ${name}`, error);
    }
  };
  return {
    name,
    fd: null,
    keeps,
    write: (bytes) => waiting((done) => stream.write(bytes, done)),
    commit: async () => {
      // A stream that never comes to its end does not keep an abort from being heard.
      if (!keepOpen)
        await abortable(
          waiting((done) => stream.end(done)),
          signal,
        );
    },
    abort: async () => {
      stream.destroy();
    },
  };
}
