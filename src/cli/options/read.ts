// Reading the text files that options name, and saying of which thing an error is.

import { fromUtf8 } from "../../bytes.js";
import { copySecret, erase, newSecret, partOf, type Secret } from "../../crypto/secret.js";
import { prefixed, SealError } from "../../errors.js";
import type { Source } from "../../flow/io.js";
import { abortable } from "../../flow/order.js";
import { openSource } from "../../io/files.js";
import { stdinSource } from "../../io/stdio.js";
import { isDirectory } from "./outputs.js";

/** No file of secret keys that anybody writes comes near to this. */
const MAX_KEY_FILE = 1024 * 1024;
/** As many public keys as a file has recipients, 4096, and 2000 bytes to say whose each is. */
export const MAX_TEXT_FILE = 16 * 1024 * 1024;

/** A text file of bounded size, `-` for stdin. Throws `io`, `usage`, the signal's reason. */
export async function readText(path: string, signal: AbortSignal): Promise<string> {
  const source = await sourceOf(path);
  try {
    const most = Math.min(MAX_TEXT_FILE, source.size ?? MAX_TEXT_FILE) + 1;
    const bytes = await abortable(source.read(most), signal);
    refuseLong(bytes.length, MAX_TEXT_FILE);
    const text = fromUtf8(bytes);
    if (text === null) throw new SealError("usage", "not a text file");
    return text;
  } finally {
    await source.close();
  }
}

/**
 * A file with secrets in it, of bounded size, `-` for stdin. It is read straight into what is given, and whoever asked
 * for it erases that. Throws `io`, `usage`, the signal's reason.
 */
export async function readSecret(path: string, signal: AbortSignal): Promise<Secret> {
  const source = await sourceOf(path);
  const memory = newSecret(Math.min(MAX_KEY_FILE, source.size ?? MAX_KEY_FILE) + 1);
  try {
    const length = await abortable(source.fill(memory), signal);
    refuseLong(length, MAX_KEY_FILE);
    return copySecret(partOf(memory, 0, length));
  } finally {
    erase(memory);
    await source.close();
  }
}

async function sourceOf(path: string): Promise<Source> {
  if (await isDirectory(path)) throw new SealError("io", "it is a directory");
  return path === "-" ? stdinSource() : openSource(path, "it");
}

function refuseLong(length: number, limit: number): void {
  if (length > limit) throw new SealError("usage", "far too long for a file of keys");
}

/** Says of which thing an error is. */
export async function about<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealError) || error.code === "interrupted") throw error;
    throw prefixed(what, error);
  }
}
