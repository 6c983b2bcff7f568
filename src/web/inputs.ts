// The input of a call in a browser: bytes, a Blob, a stream, or an address.

import { isA, isObject, optional, refused, settings } from "../api/arguments.js";
import { address, bytes, headers, isStream, refuseLocked } from "../api/given-bytes.js";
import type { InputUrl } from "../api/options.js";
import type { Bytes } from "../bytes.js";
import type { Source } from "../flow/io.js";
import { pieceSource, piecesOf } from "../flow/streams.js";
import { isBytes } from "../given.js";
import { blobSource, nameOfBlob } from "../io/blob.js";
import { bytesSource } from "../io/bytes.js";
import { FetchClient, fetchHeader } from "../io/http/fetch.js";
import { remoteSource } from "../io/http/remote.js";
import { parseUrl, shownUrl } from "../io/http/url.js";

/**
 * Bytes; a Blob, which a File is; a ReadableStream, or anything else that gives byte arrays one after the other; an
 * address.
 */
export type WebInput = Uint8Array | Blob | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | InputUrl;

/** An input as it was given, and is from now on. */
export type GivenWebInput =
  | { readonly is: "bytes"; readonly bytes: Bytes }
  | { readonly is: "blob"; readonly blob: Blob }
  | { readonly is: "stream"; readonly stream: AsyncIterable<Uint8Array> }
  | GivenAddress;

export interface GivenAddress {
  readonly is: "url";
  readonly url: string;
  readonly headers: readonly string[];
}

const ADDRESS = { url: address, headers: optional(headers) };

/** What errors call it. */
const INPUT = "the input";

export function webInputOf(value: unknown): GivenWebInput {
  if (isBytes(value)) return { is: "bytes", bytes: bytes(value, INPUT) };
  if (isA(value, Blob)) return { is: "blob", blob: value };
  if (isA(value, ReadableStream<Uint8Array>)) {
    refuseLocked(value);
    return { is: "stream", stream: value };
  }
  if (isStream(value)) return { is: "stream", stream: value };
  if (isObject(value)) return addressOf(value, INPUT);
  throw refused(INPUT, value, "a Uint8Array, a Blob, a stream of bytes, or { url }");
}

export function addressOf(value: unknown, what: string): GivenAddress {
  const { url, headers: lines = [] } = settings(value, what, ADDRESS);
  return { is: "url", url, headers: lines };
}

/** What an error calls an input: a file's name, an address without what gives access. Others have none. */
export function nameOfWeb(input: GivenWebInput): string | undefined {
  if (input.is === "url") return URL.canParse(input.url) ? shownUrl(new URL(input.url)) : undefined;
  return input.is === "blob" ? nameOfBlob(input.blob, "") || undefined : undefined;
}

/** Opens it. Throws `usage`, `io`. */
export async function webSourceFor(
  input: GivenWebInput,
  { range, signal }: { readonly range?: unknown; readonly signal?: AbortSignal | undefined },
): Promise<Source> {
  if (input.is === "url") {
    const { name, client, headers } = clientFor(input, signal);
    return remoteSource(name, client, { headers, signal, parts: range ? "needed" : undefined });
  }
  if (input.is === "bytes") return bytesSource(input.bytes);
  if (input.is === "blob") return blobSource(input.blob);
  return pieceSource(piecesOf(input.stream), "the input stream");
}

/** Who asks for it, and what errors call it. Throws `usage`. */
export function clientFor({ url: text, headers: lines }: GivenAddress, signal: AbortSignal | undefined) {
  const url = parseUrl(text);
  const headers = lines.map(fetchHeader);
  return { name: shownUrl(url), client: new FetchClient(url, { headers, signal }), headers };
}
