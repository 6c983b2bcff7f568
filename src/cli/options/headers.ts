// From --header to what is sent.

import { SealError } from "../../errors.js";
import type { HttpHeader } from "../../io/http/client.js";
import { isUrl } from "../../io/http/url.js";
import { about, readText } from "./read.js";

/** The headers that `--header` names: `Name: value`, or `@FILE` with a line for each. Throws `usage`, `io`. */
export async function resolveHeaders(
  named: readonly string[] | undefined,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<readonly HttpHeader[]> {
  if (!named) return [];
  if (!inputs.some(isUrl)) throw new SealError("usage", "--header is for URLs, and no URL is given");
  const { parseHttpHeader } = await import("../../io/http/request.js");
  const headers: HttpHeader[] = [];
  for (const line of named) {
    // The line itself is not repeated: it may hold a secret.
    const file = line.startsWith("@") ? line.slice(1) : null;
    await about(file === null ? "--header" : `--header @${file}`, async () => {
      const lines = file === null ? [line] : (await readText(file, signal)).split(/\r?\n/).filter(Boolean);
      headers.push(...lines.map(parseHttpHeader));
    });
  }
  return headers;
}
