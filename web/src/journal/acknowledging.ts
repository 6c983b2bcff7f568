// Telling an inbox how far its journal was picked up: it may then remove what all of its readers have.

import { SealError } from "../library.js";
import type { Journal } from "./fetching.js";

const JOURNAL = /\/journal$/;
/** Milliseconds. */
const LONGEST = 30_000;

/** Whether the inbox could be told; false where the address is none of an inbox's, or it takes no acknowledgements. */
export async function acknowledge(journal: Journal, cursor: Uint8Array): Promise<boolean> {
  if (journal.is !== "inbox" || !JOURNAL.test(new URL(journal.address).pathname)) return false;
  const url = new URL(journal.address);
  url.pathname = url.pathname.replace(JOURNAL, "/acknowledgement");
  const answer = await fetch(url, {
    method: "PUT",
    headers: { authorization: `Bearer ${journal.token}`, "content-type": "text/plain" },
    body: Uint8Array.from(cursor),
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(LONGEST),
  }).catch(() => null);
  if (answer === null) throw new SealError("io", "the inbox did not answer");
  await answer.body?.cancel();
  if (answer.ok) return true;
  if (answer.status === 404 || answer.status === 405) return false;
  throw new SealError("io", `the inbox answered ${answer.status}`);
}
