// CloudEvents 1.0 in structured and in batch mode: each event is a record, as it came.

import { isUtf8 } from "node:buffer";
import { Problem } from "../problem.js";
import { Json, type Member, noJson, type Span } from "./json.js";

export const EVENT_TYPE = "application/cloudevents+json";
export const EVENTS_TYPE = "application/cloudevents-batch+json";

/** Names of attributes; data has the other two. Without escapes, so that each has one way to be written. */
const NAME = /^"(?:[a-z0-9]{1,64}|data_base64)"$/;
const VERSION = Buffer.from('"1.0"');
/** Attributes that an event must have. */
const REQUIRED = ["id", "source", "type", "specversion"];

/** Checks that the body is an event. Throws `Problem`. */
export function checkEvent(body: Buffer): void {
  const json = jsonOf(body);
  const start = json.blank(0);
  const { members, end } = json.object(start);
  if (json.blank(end) !== body.length) throw noJson();
  checkMembers(body, members);
}

/** The events of an array, at most so many, as views on the body. Throws `Problem`. */
export function eventsOf(body: Buffer, most: number): Buffer[] {
  const json = jsonOf(body);
  const { elements, end } = json.array(json.blank(0), most);
  if (json.blank(end) !== body.length) throw noJson();
  if (elements.length > most) throw tooMany(most);
  return elements.map(({ start, end }) => {
    const event = body.subarray(start, end);
    checkEvent(event);
    return event;
  });
}

export function tooMany(most: number): Problem {
  return new Problem("too-large", `A body may have at most ${most} records.`);
}

function jsonOf(body: Buffer): Json {
  if (!isUtf8(body)) throw noJson();
  return new Json(body);
}

/** Throws `Problem` where one is missing, or there twice: whoever reads it would see one or the other. */
function checkMembers(body: Buffer, members: readonly Member[]): void {
  const values = new Map<string, Span>();
  for (const { name, value } of members) {
    const text = body.toString("latin1", name.start, Math.min(name.end, name.start + 80));
    if (!NAME.test(text)) throw bad("An attribute's name has lower-case letters and digits only.");
    if (values.has(text)) throw bad("An attribute is there twice.");
    values.set(text, value);
  }
  for (const name of REQUIRED) {
    const value = values.get(`"${name}"`);
    const isText = value && body[value.start] === 0x22 && value.end - value.start > 2;
    if (!isText) throw bad(`An event needs ${name}, a text that is not empty.`);
  }
  const { start, end } = values.get('"specversion"')!;
  if (!body.subarray(start, end).equals(VERSION)) throw bad("Only version 1.0 of CloudEvents is known.");
  if (values.has('"data"') && values.has('"data_base64"')) throw bad("An event has data or data_base64, not both.");
}

function bad(what: string): Problem {
  return new Problem("bad-request", what);
}
