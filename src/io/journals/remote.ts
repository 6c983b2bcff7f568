// A journal on a web server, by Node's requests.

import type { JournalSource } from "../../journal/store.js";
import { Client } from "../http/request.js";
import { parseUrl, shownUrl } from "../http/url.js";
import { type JournalUrlOptions, remoteJournal } from "./on-server.js";

/**
 * Asks for a journal. Only what is read is fetched, where the server gives parts. Throws `io`; `usage` for what is no
 * address; the signal's reason.
 */
export async function openJournalUrl(text: string, options: JournalUrlOptions = {}): Promise<JournalSource> {
  const url = parseUrl(text);
  return remoteJournal(shownUrl(url), new Client(url, options), options);
}
