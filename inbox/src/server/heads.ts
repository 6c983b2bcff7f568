// What is sealed in front of the records of a request: when it came, who sent it, and what it says of its body
// (docs/FORMAT.md of seal, "Record heads").

import type { IncomingHttpHeaders } from "node:http";
import type { Heads } from "@sealed-files/seal";
import { headsSize, MAX_HEAD_VALUE, MAX_HEADS_BYTES } from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";
import type { Framing } from "./body.js";
import { EVENT_TYPE } from "./events.js";

/** Bytes of what requests say: less than a record may have, as the service's own heads take some. */
const MAX_GIVEN = MAX_HEADS_BYTES - 1024;
const MAX_TYPE = 255;
/** Attributes of CloudEvents have such names. */
const ATTRIBUTE = /^ce-[a-z0-9]{1,61}$/;

/** What a request says of itself. */
export interface Said {
  readonly headers: IncomingHttpHeaders;
  readonly producer: string;
  readonly framing: Framing;
  /** Headers that the operator named, in lower case. */
  readonly kept: readonly string[];
}

/**
 * The heads of a request that came now. Throws `Problem` where an attribute of CloudEvents is not as their binding to
 * HTTP has it, or there is too much of them.
 */
export function headsOf({ headers, producer, framing, kept }: Said): Heads {
  const type = typeOf(headers, framing);
  const found = Object.fromEntries([...attributesOf(headers, framing), ...keptOf(headers, kept)]);
  if (headsSize(found) > MAX_GIVEN) throw bad(`the headers that are kept have more than ${MAX_GIVEN} bytes`);
  return { ...found, producer, time: new Date().toISOString(), ...(type !== null && { type }) };
}

/** What a record of the body is; null for lines, of which nothing is said. Throws `Problem`. */
function typeOf(headers: IncomingHttpHeaders, framing: Framing): string | null {
  if (framing === "lines") return null;
  if (framing === "events") return EVENT_TYPE;
  const type = (headers["content-type"] ?? "application/octet-stream").trim();
  if (type.length > MAX_TYPE) throw bad(`Content-Type has more than ${MAX_TYPE} characters`);
  return type;
}

/** The headers that the operator named, of those that came. Throws `Problem`. */
function keptOf(headers: IncomingHttpHeaders, kept: readonly string[]): [string, string][] {
  return kept.flatMap((name): [string, string][] => {
    const header = headers[name];
    if (header === undefined) return [];
    const value = Buffer.from(String(header), "latin1").toString("utf8");
    if (Buffer.byteLength(value) > MAX_HEAD_VALUE) throw bad(`${name} has more than ${MAX_HEAD_VALUE} bytes`);
    return [[name, value]];
  });
}

/** Heads that mean something else than a header of their name would. */
const OWN: readonly string[] = ["time", "producer", "type", "id"];
/** What they hold opens something, or says who may do what. */
const SECRET = /^(?:authorization|proxy-authorization|cookie|idempotency-key|webhook-signature)$/;

/** Whether a header of that name can be kept. */
export function canBeKept(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,63}$/.test(name) && !OWN.includes(name) && !name.startsWith("ce-") && !SECRET.test(name);
}

/** The headers `ce-…`: one for each attribute of an event, in binary mode. */
function attributesOf(headers: IncomingHttpHeaders, framing: Framing): [string, string][] {
  // An event in the body is described there.
  if (framing === "event" || framing === "events") return [];
  const found: [string, string][] = [];
  for (const [name, header] of Object.entries(headers)) {
    if (!name.startsWith("ce-")) continue;
    if (!ATTRIBUTE.test(name)) throw bad(`${name} names no attribute: letters and digits follow ce-, at most 61`);
    if (framing === "lines") throw bad("ce-… headers describe one record, and the body holds several");
    found.push([name, decoded(name, String(header))]);
  }
  return found;
}

/** Visible ASCII and spaces, in which anything else stands as its UTF-8, percent-encoded; it may be quoted. */
function decoded(name: string, header: string): string {
  if (!/^[\x20-\x7e]*$/.test(header)) throw bad(`${name} has characters that are not percent-encoded`);
  const bare = /^".*"$/.test(header) ? header.slice(1, -1).replace(/\\(.)/g, "$1") : header;
  const value = percentDecoded(bare);
  if (value === null) throw bad(`${name} is not percent-encoded UTF-8`);
  if (Buffer.byteLength(value) > MAX_HEAD_VALUE) throw bad(`${name} has more than ${MAX_HEAD_VALUE} bytes`);
  return value;
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function bad(what: string): Problem {
  return new Problem("bad-request", `${what}.`);
}
