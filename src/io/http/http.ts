// A file on a web server as input, by Node's requests.

import type { Source } from "../../flow/io.js";
import { remoteSource, type UrlOptions } from "./remote.js";
import { Client } from "./request.js";
import { parseUrl, shownUrl } from "./url.js";

export type { UrlOptions } from "./remote.js";

/**
 * Asks for a file; the answer has begun when this returns. Throws `io`; `usage` for what is no address; the signal's
 * reason.
 */
export async function openUrl(text: string, options: UrlOptions = {}): Promise<Source> {
  const url = parseUrl(text);
  return remoteSource(shownUrl(url), new Client(url, options), options);
}
