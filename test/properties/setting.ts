// What the properties draw from: lengths around the chunks' ends, chunk sizes, engines, and the ways in which bytes
// come.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll } from "vitest";
import { inline } from "../../src/engine/inline.js";
import { poolEngine } from "../../src/engine/pool.js";
import type { Source } from "../../src/flow/io.js";
import { bytesSource } from "../../src/io/bytes.js";
import { openSource } from "../../src/io/files.js";
import { streamSource } from "../../src/io/streams.js";
import { scrambled } from "../files/samples.js";
import { pieces } from "../support.js";

/** How often each property is tried; SEAL_PROPERTY_RUNS raises it. */
export const RUNS = Number(process.env.SEAL_PROPERTY_RUNS ?? 25);

/** Threads from the first chunk on, whatever the size. */
const pool = poolEngine(2, { small: 0 });
const ENGINES = { inline, scrambled: scrambled(3), pool };
const folder = mkdtempSync(join(tmpdir(), "seal-properties-"));
let files = 0;

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

export const engine = fc.constantFrom(...(Object.keys(ENGINES) as (keyof typeof ENGINES)[]));
export const engineOf = (name: keyof typeof ENGINES) => ENGINES[name];

export const exponent = fc.constantFrom(12, 13, 14);

/** Plaintext of up to some chunks, often at or beside the end of one. */
export const lengthIn = (chunkSize: number) =>
  fc.oneof(
    fc.nat(4 * chunkSize),
    fc.tuple(fc.nat(4), fc.constantFrom(-1, 0, 1)).map(([chunks, beside]) => Math.max(0, chunks * chunkSize + beside)),
  );

/** Sizes of pieces, over and over. */
const splits = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 4,
});

/** How an input comes: at once, in pieces, or as a file. */
export const way = fc.oneof(fc.constantFrom("bytes" as const, "file" as const), splits);
export type Way = "bytes" | "file" | number[];

/** Those that can be read by position. */
export const seekable = fc.constantFrom("bytes" as const, "file" as const);

export function newPath(): string {
  return join(folder, `f${files++}`);
}

/** Gives `work` the bytes in that way. */
export async function from<T>(bytes: Uint8Array, way: Way, work: (source: Source) => Promise<T>): Promise<T> {
  const source = await sourceOf(bytes, way);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function sourceOf(bytes: Uint8Array, way: Way): Promise<Source> {
  if (way === "bytes") return bytesSource(bytes);
  // One byte at a time is slow, and a thousand of them show what there is to be seen.
  if (way !== "file") return streamSource(pieces(bytes, ...way, Math.ceil(bytes.length / 1000)), "the input");
  const path = newPath();
  writeFileSync(path, bytes);
  return openSource(path, "the input");
}
