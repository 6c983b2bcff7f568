// Streams as input and output: Node's, the Web's, and anything that can be iterated.

import type { Writable } from "node:stream";
import { ioError, SealError } from "../errors.js";
import type { Sink, Source } from "../ops/io.js";
import { stream as nodeStream } from "./lazy.js";

const SKIP_SIZE = 256 * 1024;

/** How a source is read that can only be read on: `fill` gives the next bytes. */
export function counting(fill: Source["fill"]): Pick<Source, "fill" | "read" | "skipTo"> {
  let position = 0;
  const counted = async (into: Uint8Array): Promise<number> => {
    const count = await fill(into);
    position += count;
    return count;
  };
  return {
    fill: counted,
    read: async (length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await counted(bytes));
    },
    skipTo: async (to) => {
      const scratch = new Uint8Array(Math.max(0, Math.min(to - position, SKIP_SIZE)));
      while (position < to) {
        if ((await counted(scratch.subarray(0, to - position))) === 0) return;
      }
    },
  };
}

/** A source that reads an iterable's byte arrays once, in order. Node's Readable and the Web's ReadableStream are such. */
export function streamSource(iterable: AsyncIterable<Uint8Array>, name: string): Source {
  const { pieces, leave } = iterate(iterable);
  let rest: Uint8Array = new Uint8Array();

  const next = async (): Promise<Uint8Array | null> => {
    try {
      const step = await pieces.next();
      if (step.done) return null;
      if (!(step.value instanceof Uint8Array)) throw new TypeError("the stream gives something else than bytes");
      return step.value;
    } catch (error) {
      throw error instanceof SealError ? error : ioError(`cannot read ${name}`, error);
    }
  };

  const fill = async (into: Uint8Array): Promise<number> => {
    let have = 0;
    while (have < into.length) {
      if (rest.length === 0) {
        const piece = await next();
        if (piece === null) break;
        rest = piece;
        continue;
      }
      const taken = rest.subarray(0, into.length - have);
      into.set(taken, have);
      have += taken.length;
      rest = rest.subarray(taken.length);
    }
    return have;
  };

  return {
    name,
    size: null,
    fd: null,
    ...counting(fill),
    readAt: async () => {
      throw new SealError("usage", `${name} cannot be read by position`);
    },
    checkUnchanged: async () => {},
    close: async () => leave(),
  };
}

interface Pieces {
  readonly pieces: Pick<AsyncIterator<Uint8Array>, "next">;
  /** Lets the stream go. A read may still be pending, so this does not wait. */
  readonly leave: () => void;
}

function iterate(iterable: AsyncIterable<Uint8Array>): Pieces {
  if (iterable instanceof ReadableStream) {
    const reader = iterable.getReader();
    return {
      pieces: { next: () => reader.read() as Promise<IteratorResult<Uint8Array>> },
      leave: () => void reader.cancel().catch(() => undefined),
    };
  }
  const pieces = iterable[Symbol.asyncIterator]();
  if (iterable instanceof nodeStream().Readable) return { pieces, leave: () => void iterable.destroy() };
  return { pieces, leave: () => void pieces.return?.().catch(() => undefined) };
}

/** A sink that writes to a Node stream, one write at a time, and ends it at the commit unless `keepOpen`. `keeps`: it may hand the
 * bytes on, as a PassThrough does, instead of having them written when it says so. */
export function writableSink(stream: Writable, name: string, { keepOpen = false, keeps = true } = {}): Sink {
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
      if (!keepOpen) await waiting((done) => stream.end(done));
    },
    abort: async () => {
      stream.destroy();
    },
  };
}

/** A sink that writes to a Web stream, and closes it at the commit. */
export function webSink(stream: WritableStream<Uint8Array>, name: string): Sink {
  const writer = stream.getWriter();
  const attempt = async (call: () => Promise<void>): Promise<void> => {
    try {
      await call();
    } catch (error) {
      throw ioError(`cannot write ${name}`, error);
    }
  };
  return {
    name,
    fd: null,
    keeps: true,
    write: (bytes) => attempt(async () => writer.ready.then(() => writer.write(bytes))),
    commit: () => attempt(() => writer.close()),
    abort: async () => {
      await writer.abort(new SealError("io", "the operation failed")).catch(() => undefined);
    },
  };
}
