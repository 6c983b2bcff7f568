// How long it takes to write a frame and flush it, which is what the disk is asked for.

import type { OpenWriter, SealedFrame } from "../writer.js";

/** A frame on its way to the disk. */
interface Flush {
  readonly begun: number;
  isTold: boolean;
}

/** Writers whose frames are timed: `tell` is given the seconds of each that was flushed. */
export function timed(openWriter: OpenWriter, tell: (seconds: number) => void): OpenWriter {
  return async (options) => {
    /** By what goes with each append. */
    const flushes = new Map<unknown, Flush>();
    const beforeFrame = async (frame: SealedFrame) => {
      await options.beforeFrame(frame);
      const flush = { begun: performance.now(), isTold: false };
      for (const tag of frame.tags) flushes.set(tag, flush);
    };
    const writer = await openWriter({ ...options, beforeFrame });
    const flushed = (tag: unknown) => {
      const flush = flushes.get(tag);
      flushes.delete(tag);
      if (!flush || flush.isTold) return;
      flush.isTold = true;
      tell((performance.now() - flush.begun) / 1000);
    };
    return {
      append: async (records, tag) => {
        // What is not copied when this returns is overwritten by the caller.
        const done = writer.append(records, tag);
        await done.catch((error) => {
          flushes.delete(tag);
          throw error;
        });
        flushed(tag);
      },
      get queuedBytes() {
        return writer.queuedBytes;
      },
      recovered: writer.recovered,
      nextEpoch: () => writer.nextEpoch(),
      check: () => writer.check(),
      close: () => writer.close(),
    };
  };
}
