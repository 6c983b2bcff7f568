// Streams as input and output: Node's, the Web's, and anything that can be iterated.

import { Readable, type Writable } from "node:stream";
import type { Bytes } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import type { Sink, Source } from "../ops/io.js";

const FIRST_BUFFER = 64 * 1024;

/** A source that reads an iterable's byte arrays once, in order. Node's Readable and the Web's ReadableStream are such. */
export function streamSource(iterable: AsyncIterable<Uint8Array>, name: string): Source {
  const pieces = iterable[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let lastFull = 0;

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

  /** Grows as bytes arrive; at once to the full length only where the stream has filled such a read before. */
  const read = async (length: number): Promise<Uint8Array> => {
    let out: Bytes = new Uint8Array(length <= lastFull ? length : Math.min(length, FIRST_BUFFER));
    let have = 0;
    while (have < length) {
      if (rest.length === 0) {
        const piece = await next();
        if (piece === null) return out.subarray(0, have);
        rest = piece;
        continue;
      }
      if (have === out.length) out = grown(out, Math.min(length, 2 * out.length));
      const taken = rest.subarray(0, out.length - have);
      out.set(taken, have);
      have += taken.length;
      rest = rest.subarray(taken.length);
    }
    lastFull = Math.max(lastFull, length);
    return out;
  };

  return {
    name,
    size: null,
    fd: null,
    read,
    readAt: async () => {
      throw new SealError("usage", `${name} cannot be read by position`);
    },
    checkUnchanged: async () => {},
    close: async () => {
      // A read may still be pending, so this must not wait for the iterator.
      if (iterable instanceof Readable) iterable.destroy();
      else pieces.return?.().catch(() => undefined);
    },
  };
}

function grown(bytes: Bytes, length: number): Bytes {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/** A sink that writes to a Node stream, one write at a time, and ends it at the commit unless `keepOpen`. */
export function writableSink(stream: Writable, name: string, { keepOpen = false } = {}): Sink {
  let failed: Error | null = null;
  let reject: ((error: Error) => void) | null = null;
  stream.on("error", (error) => {
    failed = error;
    reject?.(error);
  });
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
    write: (bytes) => attempt(async () => writer.ready.then(() => writer.write(bytes))),
    commit: () => attempt(() => writer.close()),
    abort: async () => {
      await writer.abort(new SealError("io", "the operation failed")).catch(() => undefined);
    },
  };
}
