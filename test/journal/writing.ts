// What the tests of the writer have in common.

import { native } from "../../src/crypto/native.js";
import type { JournalStore } from "../../src/journal/store.js";
import { Writer, type WriterOptions } from "../../src/journal/writing/writer.js";
import { recipient, sender } from "../files/samples.js";
import type { MemoryStore } from "./memory-store.js";
import { allRecords, type ReadEpoch, readBack } from "./read-back.js";

export const WRITE: WriterOptions = {
  suite: native,
  signer: sender.signingKey,
  recipients: [recipient.publicKey],
  chunkExponent: 12,
};

export function openWriter(store: JournalStore, options: Partial<WriterOptions> = {}): Promise<Writer> {
  return Writer.open(store, { ...WRITE, ...options });
}

export const bytesOf = (text: string) => Buffer.from(text, "latin1");

export function append(writer: Writer, ...records: string[]): Promise<void> {
  return writer.append(records.map(bytesOf));
}

export function epochsOf({ bytes }: Pick<MemoryStore, "bytes">): ReadEpoch[] {
  return readBack(bytes, recipient, sender.signingKey.publicKey);
}

export function recordsOf(store: Pick<MemoryStore, "bytes">): string[] {
  return allRecords(epochsOf(store));
}

/** The records of each frame of each epoch. */
export function shapeOf(store: Pick<MemoryStore, "bytes">): string[][][] {
  return epochsOf(store).map(({ frames }) => frames.map(({ records }) => [...records]));
}
