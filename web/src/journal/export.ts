// All records of a part, to be saved: as lines of JSON, like those of the command line, or as files.

import { type Entry, MOST_ENTRIES, zip } from "../save/zip.js";
import { plainContentOf } from "./content.js";
import type { Found } from "./fetching.js";

/** One object a line: time, place, heads, and data, or data_base64 where the record is not UTF-8. */
export function jsonLines(found: readonly Found[]): Blob {
  const parts: Blob[] = [];
  let text = "";
  for (const each of found) {
    text += `${lineOf(each)}\n`;
    if (text.length < 1 << 20) continue;
    parts.push(new Blob([text]));
    text = "";
  }
  return new Blob([...parts, text], { type: "application/x-ndjson" });
}

function lineOf({ record, heads, sealedAt, place }: Found): string {
  const data = utf8Of(record);
  return JSON.stringify({
    time: sealedAt.toISOString(),
    place,
    heads,
    ...(data === null ? { data_base64: base64(record) } : { data }),
  });
}

function utf8Of(record: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(record);
  } catch {
    return null;
  }
}

const PIECE = 0x3000;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  return text;
}

const ENDINGS: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif",
};

/** A name that comes from the number and what the record is, and from nothing that its writer said. */
export function fileNameOf(base: string, record: Uint8Array): string {
  const content = plainContentOf(record);
  if (content.is === "image") return `${base}.${ENDINGS[content.type]}`;
  if (content.is !== "text") return `${base}.bin`;
  return `${base}.${isJson(record) ? "json" : "txt"}`;
}

function isJson(record: Uint8Array): boolean {
  const text = utf8Of(record);
  if (text === null || !/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** null where there are more than an archive holds. */
export function archive(found: readonly Found[], nameOf: (n: number) => string): Blob | null {
  if (found.length > MOST_ENTRIES) return null;
  const entries = found.map(({ record, sealedAt }, i): Entry => {
    return { name: fileNameOf(nameOf(i + 1), record), bytes: record as Uint8Array<ArrayBuffer>, time: sealedAt };
  });
  return zip(entries);
}
