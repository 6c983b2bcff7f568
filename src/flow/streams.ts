// Streams that every platform has, as input and output: the Web's, and anything that can be iterated.

import { asIoError, ioError, SealError } from "../errors.js";
import { isBytes, viewOf } from "../given.js";
import type { Sink, Source } from "./io.js";
import { abortable } from "./order.js";

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

/** Byte arrays, one after the other. */
export interface Pieces {
  readonly pieces: Pick<AsyncIterator<Uint8Array>, "next">;
  /** Lets the stream go. A read may still be pending, so this does not wait. */
  readonly leave: () => void;
}

/** Those of the Web's ReadableStream, or of anything else that can be iterated. */
export function piecesOf(iterable: AsyncIterable<Uint8Array>): Pieces {
  if (iterable instanceof ReadableStream) {
    const reader = iterable.getReader();
    return {
      pieces: { next: () => reader.read() as Promise<IteratorResult<Uint8Array>> },
      leave: () => {
        quietly(() => reader.cancel());
        reader.releaseLock();
      },
    };
  }
  const pieces = iterable[Symbol.asyncIterator]();
  return { pieces, leave: () => quietly(async () => pieces.return?.()) };
}

/** A source that reads byte arrays once, in order. */
export function pieceSource({ pieces, leave }: Pieces, name: string): Source {
  let rest: Uint8Array = new Uint8Array();
  /**
   * Bytes of the rest when it was last looked at: a piece whose memory is given away in the meantime must not count as
   * none.
   */
  let due = 0;

  const next = async (): Promise<Uint8Array | null> => {
    try {
      const step = await pieces.next();
      if (step.done) return null;
      const piece = isBytes(step.value) ? viewOf(step.value) : null;
      if (!piece) throw new TypeError("the stream yields something other than bytes");
      return piece;
    } catch (error) {
      throw asIoError(`cannot read ${name}`, error);
    }
  };

  const fill = async (into: Uint8Array): Promise<number> => {
    let have = 0;
    while (have < into.length) {
      if (rest.length !== due) throw new SealError("io", `${name} took back a chunk before it was read`);
      if (due === 0) {
        const piece = await next();
        if (piece === null) break;
        rest = piece;
        due = piece.length;
        continue;
      }
      const taken = rest.subarray(0, into.length - have);
      into.set(taken, have);
      have += taken.length;
      rest = rest.subarray(taken.length);
      due = rest.length;
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

/** Asks for an end of which nobody waits: a stream need not come to it. */
export function quietly(end: () => Promise<unknown>): void {
  end().catch(() => undefined);
}

/** The reason that a stream is given whose operation has failed. */
export const operationFailed = () => new SealError("io", "the operation failed");

/** A sink that writes to a Web stream, and closes it at the commit, which the signal ends where the stream does not. */
export function webSink(stream: WritableStream<Uint8Array>, name: string, signal?: AbortSignal): Sink {
  const writer = stream.getWriter();
  const attempt = async (call: () => Promise<void>): Promise<void> => {
    try {
      await abortable(call(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw ioError(`cannot write ${name}`, error);
    }
  };
  return {
    name,
    fd: null,
    keeps: true,
    write: (bytes) => attempt(async () => writer.ready.then(() => writer.write(bytes))),
    commit: async () => {
      await attempt(() => writer.close());
      writer.releaseLock();
    },
    abort: async () => {
      // It waits for the write that is under way, which need not end: what has failed is told without it.
      quietly(() => writer.abort(operationFailed()));
      writer.releaseLock();
    },
  };
}
