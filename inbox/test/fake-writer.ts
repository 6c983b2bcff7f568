// A journal's writer whose disk does what a test wants: it can wait, and it can fail. Frames are sealed and written one
// after the other, as seal's writer does; what it writes is no journal.

import { createHash } from "node:crypto";
import { appendFile, truncate } from "node:fs/promises";
import type { Heads, JournalFile } from "@sealed-files/seal";
import type { OpenWriter, Writer, WriterOptions } from "../src/writer.js";

const JOURNAL = Buffer.alloc(32, 5);

export interface FakeDisk {
  /** Each write of a frame waits for this. */
  gate: Promise<void>;
  /** Thrown by the next writes of frames. */
  failure: Error | null;
  /** A frame of which the write fails is there nevertheless, and ending the writer fails too. */
  isLeftBehind: boolean;
  /** Why the journal is another one's by now. */
  lost: Error | null;
  readonly written: Uint8Array[][];
  /** The heads of each frame's records. */
  readonly heads: Heads[][];
  queuedBytes: number;
  epochs: number;
  opened: number;
  closed: number;
}

export function fakeDisk(): FakeDisk & { openWriter: OpenWriter } {
  const disk: FakeDisk = {
    gate: Promise.resolve(),
    failure: null,
    isLeftBehind: false,
    lost: null,
    written: [],
    heads: [],
    queuedBytes: 0,
    epochs: 0,
    opened: 0,
    closed: 0,
  };
  return Object.assign(disk, { openWriter: (options: WriterOptions) => open(disk, options) });
}

async function open(disk: FakeDisk, { journal, beforeFrame }: WriterOptions): Promise<Writer> {
  const { path } = journal as JournalFile;
  disk.opened++;
  await appendFile(path, "");
  let end = 0;
  let last = Promise.resolve();
  const writeFrame = async (records: readonly Uint8Array[], tag: unknown) => {
    const frame = frameOf(records);
    const chain = createHash("sha256")
      .update(frame.subarray(-96, -64))
      .update(digestOf(frame))
      .update(frame.subarray(-64))
      .digest();
    await beforeFrame({ journal: JOURNAL, position: end, end: end + frame.length, chain, tags: [tag] });
    await disk.gate;
    if (disk.failure && disk.isLeftBehind) await appendFile(path, frame);
    if (disk.failure) throw disk.failure;
    await truncate(path, end);
    await appendFile(path, frame);
    end += frame.length;
    disk.written.push([...records]);
  };
  return {
    append: (given, tag) => {
      const copies = given.map((each) => Uint8Array.from(each instanceof Uint8Array ? each : each.record));
      const heads = given.map((each) => (each instanceof Uint8Array ? {} : (each.heads ?? {})));
      const done = last.then(() => writeFrame(copies, tag)).then(() => void disk.heads.push(heads));
      last = done.catch(() => undefined);
      return done;
    },
    get queuedBytes() {
      return disk.queuedBytes;
    },
    check: async () => {
      if (disk.lost) throw disk.lost;
    },
    recovered: { tailMovedTo: null },
    nextEpoch: () => {
      disk.epochs++;
    },
    close: async () => {
      await last;
      if (disk.isLeftBehind) throw new Error("it cannot be cut off");
      disk.closed++;
    },
  };
}

/** Of the size of a frame, and with a chain value where one is; the rest is zeros. */
function frameOf(records: readonly Uint8Array[]): Buffer {
  const text = Buffer.concat(records.map((record) => Buffer.concat([record, Buffer.from("\n")])));
  const frame = Buffer.alloc(8 + text.length + 16 + 32 + 64);
  frame.writeUInt32BE(text.length);
  text.copy(frame, 8);
  frame.fill(7, frame.length - 96, frame.length - 64);
  return frame;
}

function digestOf(frame: Buffer): Buffer {
  return createHash("sha256").update(frame.subarray(8, -96)).digest();
}
