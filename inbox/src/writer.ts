// What an inbox asks of the writer of its journal: seal's JournalWriter, or one that a test stands in for it.

import type { JournalFile, JournalRecord, JournalStore } from "@sealed-files/seal";
import type { FramePlace } from "./idempotency/unit.js";

/** Of a journal's writer, what an inbox needs: seal's JournalWriter. */
export interface Writer {
  /** The records are copied before this returns. */
  append(records: readonly JournalRecord[], tag: unknown): Promise<void>;
  readonly queuedBytes: number;
  readonly recovered: { readonly tailMovedTo: string | null };
  nextEpoch(): void;
  /** Rejects with `fenced` where the journal is another one's by now, with `io` where that is not known. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A frame that is sealed and about to be written, and the tags of the appends whose records are in it. */
export interface SealedFrame extends FramePlace {
  readonly tags: readonly unknown[];
}

export interface WriterOptions {
  /** Closed where opening it fails. */
  readonly journal: JournalFile | JournalStore;
  /** Asked again for each epoch. */
  readonly to: () => Promise<readonly string[]>;
  readonly label: string;
  readonly beforeFrame: (frame: SealedFrame) => Promise<void>;
}

export type OpenWriter = (options: WriterOptions) => Promise<Writer>;
