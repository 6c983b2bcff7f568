// A journal in memory, whose calls can be made to fail after any of their steps.

import { type Bytes, concat } from "../../src/bytes.js";
import { ioError } from "../../src/errors.js";
import type { JournalStore } from "../../src/journal/store.js";

export interface MemoryStore extends JournalStore {
  bytes: Bytes;
  saved: Bytes | null;
  readonly aside: Bytes[];
  /** The calls that write, in order. */
  readonly calls: string[];
  /** After how many steps the call fails that is about to be made, the last of `calls`: none, some, or all of them; null lets it be. */
  fault: (() => number | null) | null;
  /** Awaited by each call that appends. */
  delay: (() => Promise<void>) | null;
  closed: boolean;
}

const DISK_FULL = () => ioError("cannot write the journal", { code: "ENOSPC" });

export function memoryStore(bytes: Bytes = new Uint8Array(), saved: Bytes | null = null): MemoryStore {
  const act = async (name: string, ...steps: (() => void)[]) => {
    store.calls.push(name);
    const failing = store.fault?.() ?? null;
    for (const step of steps.slice(0, failing ?? steps.length)) step();
    if (failing !== null) throw DISK_FULL();
  };
  const add = (piece: Uint8Array) => () => {
    store.bytes = concat(store.bytes, piece);
  };
  const appended = (position: number, piece: Uint8Array) => {
    if (position !== store.bytes.length) throw ioError("cannot write the journal", `the end is not at ${position}`);
    const half = Math.floor(piece.length / 2);
    return [add(piece.slice(0, half)), add(piece.slice(half))];
  };
  const save = (cursor: Uint8Array | null) => () => {
    store.saved = cursor && Uint8Array.from(cursor);
  };

  const store: MemoryStore = {
    name: "memory",
    bytes,
    saved,
    aside: [],
    calls: [],
    fault: null,
    delay: null,
    closed: false,
    size: async () => store.bytes.length,
    readAt: async (position, length) => store.bytes.slice(position, position + length),
    cursor: async () => store.saved,
    saveCursor: (cursor) => act("saveCursor", save(cursor)),
    openEpoch: async (position, header, cursor) => {
      await store.delay?.();
      await act("openEpoch", ...appended(position, header), save(cursor));
    },
    append: async (position, frame) => {
      await store.delay?.();
      await act("append", ...appended(position, frame));
    },
    setAside: async (position) => {
      const end = store.bytes.slice(position);
      const steps = [
        () => void (end.length > 0 && store.aside.push(end)),
        () => {
          store.bytes = store.bytes.slice(0, position);
        },
      ];
      await act("setAside", ...steps);
      return end.length > 0 ? `memory.tail-${position}-${store.aside.length}` : null;
    },
    close: async () => {
      store.closed = true;
    },
  };
  return store;
}
