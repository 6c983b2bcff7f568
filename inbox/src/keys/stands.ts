// Whether a frame is in a journal, at a position and with a chain value after it (docs/FORMAT.md of seal, "Chunk records" and
// "Journals"). No key is needed for that, and none is there.

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { codeOf, ioError } from "../store/files.js";
import type { FramePlace } from "./unit.js";

const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const CHAIN_BYTES = 32;
const SIGNATURE_BYTES = 64;
const AROUND = LENGTH_BYTES + TAG_BYTES + CHAIN_BYTES + SIGNATURE_BYTES;
const MAX_CIPHERTEXT = 2 ** 24;

/** The journal has been verified by its writer, and is not written to meanwhile. Throws `io`. */
export async function stands(journal: string, { position, end, chain }: FramePlace): Promise<boolean> {
  const length = end - position - AROUND;
  if (length < 1 || length > MAX_CIPHERTEXT) return false;
  let file: FileHandle | undefined;
  try {
    file = await open(journal, "r");
    const frame = Buffer.alloc(end - position);
    const { bytesRead } = await file.read(frame, 0, frame.length, position);
    return bytesRead === frame.length && frame.readUInt32BE(0) === length && chainAfter(frame, length).equals(chain);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw ioError(`cannot read ${journal}`, error);
  } finally {
    await file?.close();
  }
}

function chainAfter(frame: Buffer, length: number): Buffer {
  const chainAt = LENGTH_BYTES + length + TAG_BYTES;
  const digest = sha256(frame.subarray(LENGTH_BYTES, chainAt));
  return sha256(frame.subarray(chainAt, chainAt + CHAIN_BYTES), digest);
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
}
