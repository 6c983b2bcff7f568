// Bodies: read in bounded memory, cut into records, and overwritten when they are no longer needed.

import type { IncomingMessage } from "node:http";
import type { Heads } from "@sealed-files/seal";
import {
  BATCH_HEAD_BYTES,
  DEFAULT_CHUNK_EXPONENT,
  HEADS_LENGTH_BYTES,
  headsSize,
  MAX_HEADS_BYTES,
  RECORD_LENGTH_BYTES,
} from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";
import { checkEvent, EVENT_TYPE, EVENTS_TYPE, eventsOf, tooMany } from "./events.js";

/** One record a body, or one a line; an event, or an array of such. */
export type Framing = "single" | "lines" | "event" | "events";

/** The media types that are taken. */
export const MEDIA_TYPES: Readonly<Record<string, Framing>> = {
  "application/octet-stream": "single",
  "application/json": "single",
  "text/plain": "single",
  "application/x-ndjson": "lines",
  [EVENT_TYPE]: "event",
  [EVENTS_TYPE]: "events",
};

/**
 * The bytes of a batch: seal's default chunk size. A request's records stay in one frame, so they are there all or not
 * at all.
 */
const MAX_BATCH = 2 ** DEFAULT_CHUNK_EXPONENT;
/** A record takes more memory than its bytes. */
const MAX_RECORDS = 10_000;
/** What a body takes of memory at first. */
const LEAST = 4096;
/** What a record takes of a batch beside its bytes and those of its heads. */
const LENGTHS = RECORD_LENGTH_BYTES + HEADS_LENGTH_BYTES;
/** The longest body that always fits into a frame as one record. */
export const MAX_BODY = MAX_BATCH - BATCH_HEAD_BYTES - LENGTHS - MAX_HEADS_BYTES;

/**
 * Reads a body of at most `limit` bytes, whatever its announced length, into memory that grows by doubling: a body that
 * comes byte by byte takes no more than one that comes at once. Throws `Problem`.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  let memory = Buffer.alloc(0);
  let length = 0;
  const take = (piece: Buffer) => {
    if (length + piece.length > memory.length) {
      const larger = Buffer.from(
        new ArrayBuffer(Math.min(limit, Math.max(LEAST, length + piece.length, 2 * memory.length))),
      );
      larger.set(memory.subarray(0, length));
      memory.fill(0);
      memory = larger;
    }
    memory.set(piece, length);
    length += piece.length;
    piece.fill(0);
  };
  return new Promise((resolve, reject) => {
    const fail = (problem: Problem) => {
      memory.fill(0);
      reject(problem);
    };
    request.on("data", (piece: Buffer) => {
      if (length + piece.length <= limit) return take(piece);
      length = limit;
      piece.fill(0);
      fail(tooLarge(limit));
    });
    request.once("end", () => {
      const body = memory.subarray(0, length);
      // It is the caller's from now on, also where the connection breaks before the answer.
      memory = Buffer.alloc(0);
      resolve(body);
    });
    const gone = () => fail(new Problem("bad-request", "The body ended early."));
    if (request.destroyed) return gone();
    request.once("error", gone);
    request.once("aborted", gone);
  });
}

/** A record as a view on the body, and what is sealed in front of it. */
export interface Received {
  readonly record: Buffer;
  readonly heads: Heads;
}

/** The records of a body, all with these heads. Throws `Problem` where there is none, or they do not fit one frame. */
export function recordsOf(body: Buffer, framing: Framing, heads: Heads): Received[] {
  if (body.length === 0)
    throw new Problem("no-record", "The body is empty. An empty record is an empty line of application/x-ndjson.");
  const records = cut(body, framing);
  if (records.length === 0) throw new Problem("no-record", "There is no event in the array.");
  const batch = BATCH_HEAD_BYTES + (LENGTHS + headsSize(heads)) * records.length + body.length;
  if (batch > MAX_BATCH) throw new Problem("too-large", "The records do not fit into one frame: send fewer at a time.");
  return records.map((record) => ({ record, heads }));
}

/** Throws `Problem`. */
function cut(body: Buffer, framing: Framing): Buffer[] {
  if (framing === "lines") return lines(body);
  if (framing === "events") return eventsOf(body, MAX_RECORDS);
  if (framing === "event") checkEvent(body);
  return [body];
}

/** As `seal journal append` reads them: the last may lack its newline, an empty line is an empty record, CR is data. */
function lines(body: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(0x0a, start);
    const end = newline < 0 ? body.length : newline;
    if (records.length === MAX_RECORDS) throw tooMany(MAX_RECORDS);
    records.push(body.subarray(start, end));
    start = end + 1;
  }
  return records;
}

export function tooLarge(limit: number): Problem {
  return new Problem("too-large", `A body may have at most ${limit} bytes.`);
}
