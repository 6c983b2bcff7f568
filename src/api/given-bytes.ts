// Bytes, streams and addresses among the arguments, and what errors call an input.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { copyOf, isBytes } from "../given.js";
import { type Check, hasMethod, isA, propertiesOf, refused, text } from "./arguments.js";

/** A copy of bytes: what the caller does with them afterwards changes nothing. */
export const bytes: Check<Bytes> = (value, what) => {
  if (!isBytes(value)) throw refused(what, value, "a Uint8Array");
  const copy = copyOf(value);
  if (copy) return copy;
  throw new SealError("usage", `${what} is a Uint8Array whose memory has been given away`);
};

export function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return hasMethod(value, Symbol.asyncIterator);
}

export function address(value: unknown, what: string): string {
  return text(isA(value, URL) ? value.href : value, what);
}

/** Header lines. Their values may be secret, so no error shows them. */
export function headers(value: unknown, what: string): readonly string[] {
  return [...propertiesOf(value, what)].map(([name, content]) => {
    if (name.includes(":")) throw new SealError("usage", `${what} has a name that contains a colon`);
    return `${name}: ${text(content, `${what}.${name}`)}`;
  });
}

/** Throws `usage`. */
export function refuseLocked(stream: { readonly locked: boolean }): void {
  if (stream.locked) throw new SealError("usage", "the stream is locked: something else is using it");
}

/** The error, which tells its input by `name` unless it does already. */
export function withInput(name: string | undefined, error: unknown): unknown {
  if (error instanceof SealError) error.input ??= name;
  return error;
}
