// Records as they are written out as objects of JSON, one a line: for whatever is in them there is one.

import { type Bytes, fromUtf8, toHex, utf8 } from "../../bytes.js";
import type { HeadedRecord } from "../../format/batch.js";
import type { Heads } from "../../format/heads.js";
import type { OpenedFrame } from "../reading/reader.js";

export type ObjectFormat = "json" | "cloudevents";

/** The journal that records come from. */
export interface Origin {
  /** The journal id. */
  readonly journal: Uint8Array;
  readonly label: string;
}

interface Placed extends HeadedRecord {
  /** Offset of its epoch, its frame's number there, its own number in that, from 0: `0/17/2`. */
  readonly place: string;
  /** When its frame was sealed, ISO 8601. */
  readonly time: string;
}

/** So much is written at once; a record may be more. */
const PIECE = 256 * 1024;

/** The lines of a frame, in pieces: all of them can be many times as large as the frame. */
export function* objectLines(frame: OpenedFrame, format: ObjectFormat, origin: Origin): Generator<Bytes, void, void> {
  const objectOf = format === "json" ? jsonOf : cloudEventOf(origin);
  const time = new Date(frame.sealedAtMs).toISOString();
  let index = 0;
  let text = "";
  for (const headed of frame.records.withHeads()) {
    text += `${objectOf({ ...headed, time, place: `${frame.epoch}/${frame.frame}/${index++}` })}\n`;
    if (text.length < PIECE) continue;
    yield utf8(text);
    text = "";
  }
  if (text !== "") yield utf8(text);
}

function jsonOf({ time, place, heads, record }: Placed): string {
  const text = fromUtf8(record);
  return JSON.stringify({ time, place, heads, ...(text === null ? { data_base64: base64(record) } : { data: text }) });
}

function base64({ buffer, byteOffset, length }: Bytes): string {
  return Buffer.from(buffer, byteOffset, length).toString("base64");
}

/** Attributes of CloudEvents 1.0 have such names; `data` is none. */
const ATTRIBUTE = /^ce-(?!data$)([a-z0-9]+)$/;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** The media type of a record that is an event itself, in structured mode. */
const EVENT_TYPE = /^application\/cloudevents\+json\s*(?:;|$)/i;
/** The media types that say that data is JSON. */
const JSON_TYPE = /^[^/;]+\/(?:json|[^/;]+\+json)\s*(?:;|$)/i;

/**
 * An event of CloudEvents 1.0, as JSON. A record that is one stands as it came; where the heads of another do not say
 * it, its id is the record's place, its source the journal, its type `seal.record`; what they say that no event can
 * have is left out.
 */
function cloudEventOf({ journal, label }: Origin): (record: Placed) => string {
  const source = `urn:seal-journal:${toHex(journal)}${label === "" ? "" : `#${encodeURIComponent(label)}`}`;
  return ({ time, place, heads, record }) => {
    const { producer, type } = heads;
    const structured = type !== undefined && EVENT_TYPE.test(type) ? structuredEvent(record, producer) : null;
    if (structured !== null) return structured;
    const attributes = {
      id: place,
      source,
      type: "seal.record",
      time: isTime(heads.time) ? heads.time : time,
      ...(type && { datacontenttype: type }),
      ...attributesOf(heads),
      ...(producer && { producer }),
      specversion: "1.0",
    };
    return eventText(attributes, record);
  };
}

/** An event as it came, on one line, but for its producer, which the writer says; null for what is none. */
function structuredEvent(record: Bytes, producer: string | undefined): string | null {
  const text = fromUtf8(record);
  const event = text === null ? null : objectIn(text);
  const isEvent = event && ["id", "source", "type"].every((name) => event[name] && typeof event[name] === "string");
  if (!isEvent || event.specversion !== "1.0") return null;
  const line = text!.replace(/[\r\n]/g, " ").trim();
  if (producer === undefined) return line;
  if (Object.hasOwn(event, "producer")) return JSON.stringify({ ...event, producer });
  return `{"producer":${JSON.stringify(producer)},${line.slice(1)}`;
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function attributesOf(heads: Heads): Record<string, string> {
  const found: [string, string][] = [];
  for (const [name, value] of Object.entries(heads)) {
    const [, attribute] = ATTRIBUTE.exec(name) ?? [];
    if (attribute && value !== "" && (attribute !== "time" || isTime(value))) found.push([attribute, value]);
  }
  return Object.fromEntries(found);
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && RFC3339.test(text) && !Number.isNaN(Date.parse(text));
}

/**
 * Data that is JSON stands as it is, as JSON; other text as a string, and anything else as base64. An event without a
 * type of data would be JSON, so it is given one.
 */
function eventText(attributes: Readonly<Record<string, string>>, record: Bytes): string {
  const text = fromUtf8(record);
  const known = attributes.datacontenttype;
  const isJson = known !== undefined && JSON_TYPE.test(known);
  const value = text === null ? null : isJson ? onOneLine(text) : JSON.stringify(text);
  const datacontenttype = known ?? (text === null ? "application/octet-stream" : "text/plain");
  const start = JSON.stringify({ ...attributes, datacontenttype }).slice(0, -1);
  return value === null ? `${start},"data_base64":"${base64(record)}"}` : `${start},"data":${value}}`;
}

/** JSON with spaces for line ends, which stand between its values only; null where it is none. */
function onOneLine(text: string): string | null {
  try {
    JSON.parse(text);
    return text.replace(/[\r\n]/g, " ");
  } catch {
    return null;
  }
}
