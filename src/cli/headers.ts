// From --header to what is sent.

import { SealError } from "../errors.js";
import type { Header } from "../io/request.js";
import { isUrl } from "../io/url.js";
import { about, readText } from "./read.js";

/** The headers that `--header` names: `Name: value`, or `@FILE` with a line for each. Throws `usage`, `io`. */
export async function resolveHeaders(
  named: readonly string[] | undefined,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<readonly Header[]> {
  if (!named) return [];
  if (!inputs.some(isUrl)) throw new SealError("usage", "--header is for URLs, and there is none");
  const { parseHeader } = await import("../io/request.js");
  const headers: Header[] = [];
  for (const line of named) {
    // The line itself is not repeated: it may hold a secret.
    const file = line.startsWith("@") ? line.slice(1) : null;
    await about(file === null ? "--header" : `--header @${file}`, async () => {
      const lines = file === null ? [line] : (await readText(file, signal)).split(/\r?\n/).filter(Boolean);
      headers.push(...lines.map(parseHeader));
    });
  }
  return headers;
}
