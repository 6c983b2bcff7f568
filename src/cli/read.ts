// Reading the text files that options name, and saying of which thing an error is.

import { fromUtf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { openSource } from "../io/files.js";
import { stdinSource } from "../io/stdio.js";
import { abortable } from "../ops/order.js";
import { isDirectory } from "./outputs.js";

/** No key file that anybody writes comes near to this. */
const MAX_KEY_FILE = 1024 * 1024;

/** A text file of bounded size, `-` for stdin. Throws `io`, `usage`, the signal's reason. */
export async function readText(path: string, signal: AbortSignal, limit = MAX_KEY_FILE): Promise<string> {
  if (await isDirectory(path)) throw new SealError("io", "it is a directory");
  const source = path === "-" ? stdinSource() : await openSource(path, "it");
  try {
    const bytes = await abortable(source.read(limit + 1), signal);
    if (bytes.length > limit) throw new SealError("usage", "far too long for a file of keys");
    const text = fromUtf8(bytes);
    if (text === null) throw new SealError("usage", "not a text file");
    return text;
  } finally {
    await source.close();
  }
}

/** Says of which thing an error is. */
export async function about<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealError) || error.code === "interrupted") throw error;
    throw new SealError(error.code, `${what}: ${error.message}`, { hint: error.hint, cause: error.cause });
  }
}
