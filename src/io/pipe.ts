// A pipe as input. What arrives is read straight into the memory where it is wanted.

import { type Bytes, concat } from "../bytes.js";
import { erase } from "../crypto/secret.js";
import { ioError, SealError } from "../errors.js";
import type { Source } from "../flow/io.js";
import { counting } from "../flow/streams.js";
import { net } from "./lazy.js";

const SPILL = 64 * 1024;

/** A fill that is under way. */
interface Wanted {
  readonly into: Uint8Array;
  have: number;
  readonly done: () => void;
}

/**
 * Reads the descriptor of a pipe or socket, which it closes. It waits in the event loop, so nothing blocks the process.
 */
export function pipeSource(fd: number, name: string): Source {
  let wanted: Wanted | null = null;
  /** What was read into the other buffer and is not used yet. */
  let spilled = new Uint8Array();
  let spill: Bytes | null = null;
  let ended = false;
  let failed: unknown = null;

  // The socket asks for the next buffer right after each read, so the first read of a fill may go to a buffer of its
  // own.
  const buffer = (): Uint8Array => {
    spill = wanted && wanted.have < wanted.into.length ? null : new Uint8Array(SPILL);
    return spill ?? wanted!.into.subarray(wanted!.have);
  };
  const callback = (count: number): boolean => {
    if (spill) spilled = concat(spilled, spill.subarray(0, count));
    else wanted!.have += count;
    if (!wanted) return false;
    wanted.have += takeSpilled(wanted.into, wanted.have);
    if (wanted.have < wanted.into.length) return true;
    wanted.done();
    return false;
  };
  const takeSpilled = (into: Uint8Array, at: number): number => {
    const taken = spilled.subarray(0, into.length - at);
    into.set(taken, at);
    spilled = spilled.subarray(taken.length);
    return taken.length;
  };
  const end = () => {
    ended = true;
    wanted?.done();
  };
  // The constructor takes `onread` as connect() does, which its types do not know.
  const options = { fd, readable: true, writable: false, onread: { buffer, callback } };
  const socket = new (net().Socket)(options);
  socket.on("end", end);
  socket.on("close", end);
  socket.on("error", (error) => {
    failed = error;
    end();
  });

  const fill = async (into: Uint8Array): Promise<number> => {
    let have = takeSpilled(into, 0);
    if (have < into.length && !ended) {
      have = await new Promise<number>((resolve) => {
        const fill: Wanted = { into, have, done: () => resolve(fill.have) };
        wanted = fill;
        socket.resume();
      });
      wanted = null;
    }
    if (failed) throw ioError(`cannot read ${name}`, failed);
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
    close: async () => {
      socket.destroy();
    },
  };
}

/**
 * What arrives at the descriptor of a pipe or socket, as it comes. Each piece is read straight into the same memory,
 * and erased when the next is asked for: what a stream's own memory held would stay there.
 */
export async function* pipePieces(fd: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(SPILL);
  let arrived: (count: number) => void = () => {};
  let failed: unknown = null;
  let ended = false;
  const callback = (count: number): boolean => {
    arrived(count);
    return false;
  };
  const options = { fd, readable: true, writable: false, onread: { buffer: memory, callback } };
  const socket = new (net().Socket)(options);
  const end = () => {
    ended = true;
    arrived(0);
  };
  socket.on("end", end).on("close", end);
  socket.on("error", (error) => {
    failed = error;
    end();
  });
  try {
    while (!ended) {
      const count = await new Promise<number>((resolve) => {
        arrived = resolve;
        socket.resume();
      });
      if (count > 0) yield memory.subarray(0, count);
      erase(memory.subarray(0, count));
    }
    if (failed) throw failed;
  } finally {
    erase(memory);
    socket.destroy();
  }
}
