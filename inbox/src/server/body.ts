// Bodies: read in bounded memory, cut into records, and overwritten when they are no longer needed.

import type { IncomingMessage } from "node:http";
import { Problem } from "../problem.js";

/** One record a body, or one a line. */
export type Framing = "single" | "lines";

/** The media types that are taken. */
export const MEDIA_TYPES: Readonly<Record<string, Framing>> = {
  "application/octet-stream": "single",
  "application/json": "single",
  "text/plain": "single",
  "application/x-ndjson": "lines",
};

/** What the batch of a frame takes beside the bytes of its records: its time, and the length of each (docs/FORMAT.md of seal, "Journals"). */
const BATCH_HEAD = 8;
const RECORD_HEAD = 4;
/** The bytes of a batch: seal's default chunk size. A request's records stay in one frame, so they are there all or not at all. */
const MAX_BATCH = 4 * 1024 * 1024;
/** A record takes more memory than its bytes. */
const MAX_RECORDS = 10_000;
/** The longest body that always fits into a frame as one record. */
export const MAX_BODY = MAX_BATCH - BATCH_HEAD - RECORD_HEAD;

/** Reads a body of at most `limit` bytes, whatever its announced length. Throws `Problem`. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  const forget = () => {
    for (const piece of pieces) piece.fill(0);
  };
  return new Promise((resolve, reject) => {
    const fail = (problem: Problem) => {
      forget();
      reject(problem);
    };
    request.on("data", (piece: Buffer) => {
      length += piece.length;
      if (length > limit) {
        piece.fill(0);
        return fail(tooLarge(limit));
      }
      pieces.push(piece);
    });
    request.once("end", () => {
      if (pieces.length === 1) return resolve(pieces[0]!);
      const body = Buffer.concat(pieces);
      forget();
      resolve(body);
    });
    const gone = () => fail(new Problem("bad-request", "The body ended early."));
    if (request.destroyed) return gone();
    request.once("error", gone);
    request.once("aborted", gone);
  });
}

/** The records of a body, as views on it. Throws `Problem` where there is none, or where they do not fit into one frame. */
export function recordsOf(body: Buffer, framing: Framing): Buffer[] {
  if (body.length === 0)
    throw new Problem("no-record", "The body is empty. An empty record is an empty line of application/x-ndjson.");
  const records = framing === "single" ? [body] : lines(body);
  const batch = BATCH_HEAD + RECORD_HEAD * records.length + body.length;
  if (batch > MAX_BATCH) throw new Problem("too-large", "The records do not fit into one frame: send fewer at a time.");
  return records;
}

/** As `seal journal append` reads them: the last may lack its newline, an empty line is an empty record, CR is data. */
function lines(body: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(0x0a, start);
    const end = newline < 0 ? body.length : newline;
    if (records.length === MAX_RECORDS) throw new Problem("too-large", `A body has at most ${MAX_RECORDS} records.`);
    records.push(body.subarray(start, end));
    start = end + 1;
  }
  return records;
}

export function tooLarge(limit: number): Problem {
  return new Problem("too-large", `A body has at most ${limit} bytes.`);
}
