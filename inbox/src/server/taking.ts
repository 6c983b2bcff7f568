// What is done with a body, at whichever service has the inbox open.

import type { Heads } from "@sealed-files/seal";
import { keyedRequest } from "../idempotency/request.js";
import type { Admit, Inbox } from "../inbox.js";
import { type Framing, recordsOf } from "./body.js";

/** What a request has brought. */
export interface Brought {
  readonly producer: string;
  readonly body: Buffer;
  readonly framing: Framing;
  readonly heads: Heads;
  /** Its idempotency key. */
  readonly key: string | null;
}

/** What has become of it. */
export interface Taken {
  readonly count: number;
  readonly replayed: boolean;
  /** Where the records are, if they were written now: the journal's id, and where their frame begins in it. */
  readonly frame: { readonly journal: string; readonly position: number } | null;
}

/** Appends the records of a body, of which the caller keeps the memory. Throws `Problem`; what appending throws. */
export async function takeIn(inbox: Inbox, { producer, body, framing, heads, key }: Brought): Promise<Taken> {
  await inbox.look();
  const { quota } = inbox;
  quota?.request(producer);
  const keyed = key === null ? null : keyedRequest(producer, key, framing, body);
  const records = recordsOf(body, framing, keyed ? { ...heads, id: Buffer.from(keyed.id).toString("hex") } : heads);
  const count = records.length;
  const admit: Admit = (keys) => quota?.write(producer, body.length, keyed !== null, keys) ?? (() => undefined);
  const stored = inbox.append(records, keyed, admit);
  // They are copied by now, and such views take far more memory than the body while they wait for the disk.
  records.length = 0;
  const { replayed, frame } = await stored;
  const place = frame && { journal: Buffer.from(frame.journal).toString("hex"), position: frame.position };
  return { count, replayed, frame: place };
}
