// The input of a call: bytes, a stream, a file, or an address.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import type { Source } from "../flow/io.js";
import { isBytes } from "../given.js";
import { bytesSource } from "../io/bytes.js";
import { type FileId, openSource } from "../io/files.js";
import { shownUrl } from "../io/http/url.js";
import { streamSource } from "../io/streams.js";
import { isObject, optional, path, refused, settings } from "./arguments.js";
import { address, bytes, headers, isStream, refuseLocked } from "./given-bytes.js";

/** An input as it was given, and is from now on. */
export type GivenInput =
  | { readonly is: "bytes"; readonly bytes: Bytes }
  | { readonly is: "stream"; readonly stream: AsyncIterable<Uint8Array> }
  | { readonly is: "file"; readonly path: string }
  | GivenUrl;

export interface GivenUrl {
  readonly is: "url";
  readonly url: string;
  readonly headers: readonly string[];
}

const PLACE = {
  path: optional(path),
  url: optional(address),
  headers: optional(headers),
};

/** What errors call it. */
const INPUT = "the input";

export function inputOf(value: unknown): GivenInput {
  if (isBytes(value)) return { is: "bytes", bytes: bytes(value, INPUT) };
  if (isStream(value)) {
    if (value instanceof ReadableStream) refuseLocked(value);
    return { is: "stream", stream: value };
  }
  if (isObject(value)) return fileOrUrl(value, INPUT);
  throw refused(INPUT, value, "a Uint8Array, a stream of them, { path } or { url }");
}

/** A file's path, or an address. */
export function fileOrUrl(value: unknown, what: string): GivenUrl | { readonly is: "file"; readonly path: string } {
  const { path, url, headers: lines } = settings(value, what, PLACE);
  if (path !== undefined && url === undefined && lines === undefined) return { is: "file", path };
  if (url !== undefined && path === undefined) return { is: "url", url, headers: lines ?? [] };
  throw new SealError("usage", `${what} must have a path, or a url and its headers`);
}

export type OpenInput = Source & { id?: FileId | null };

export interface Reading {
  readonly range?: unknown;
  readonly resume?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an error calls an input: a file's path as given, an address without what gives access. Streams have no name. */
export function nameOf(input: GivenInput): string | undefined {
  if (input.is === "file") return input.path;
  return input.is === "url" && URL.canParse(input.url) ? shownUrl(new URL(input.url)) : undefined;
}

/** Opens it. Throws `usage`, `io`. */
export async function sourceFor(input: GivenInput, { range, resume, signal }: Reading): Promise<OpenInput> {
  if (input.is === "bytes") return bytesSource(input.bytes);
  if (input.is === "stream") return streamSource(input.stream, "the input stream");
  if (input.is === "file") return openSource(input.path);
  const { openUrl } = await import("../io/http/http.js");
  const parts = range ? "needed" : resume ? "wanted" : undefined;
  return openUrl(input.url, { headers: await headersOf(input), signal, parts });
}

export async function headersOf({ headers: lines }: GivenUrl) {
  const { parseHttpHeader } = await import("../io/http/request.js");
  return lines.map(parseHttpHeader);
}
