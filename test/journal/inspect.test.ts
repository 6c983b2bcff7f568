// What inspecting counts of a journal, verifying nothing, is what verifying finds where all of it is right: held to the
// vectors.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { KIND_JOURNAL } from "../../src/format/core.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { inspectJournal, parseBeginning } from "../../src/journal/reading/inspect.js";
import { failure, fixture } from "../support.js";
import { type Generated, generated } from "../vector-bytes.js";

interface Vector {
  name: string;
  file?: string;
  generate?: Generated[];
  parts?: (string | [number, number])[];
  cursor?: string;
  frames: unknown[];
  epochs?: number;
  tail?: number;
  verify: unknown;
}

const { vectors }: { vectors: Vector[] } = JSON.parse(fixture("journals.json").toString());
const good = vectors.filter(({ verify, cursor }) => verify === "ok" && cursor === undefined);

function bytesOf({ file, generate, parts }: Pick<Vector, "file" | "generate" | "parts">): Bytes {
  if (generate) return generated(generate);
  const bytes = Uint8Array.from(fixture(file!));
  return parts
    ? concat(...parts.map((part) => (typeof part === "string" ? fromHex(part) : bytes.slice(...part))))
    : bytes;
}

async function* piecesOf(bytes: Bytes) {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

async function inspected(source: ReturnType<typeof bytesSource>) {
  return inspectJournal(await parseBeginning(source, native, undefined, KIND_JOURNAL), source, native);
}

describe("inspecting a journal", () => {
  test.each(good.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
    const bytes = bytesOf(vector);
    const { header, ...counts } = await inspected(bytesSource(bytes));
    expect(counts).toMatchObject({ epochs: vector.epochs, frames: vector.frames.length, tail: vector.tail });
    expect(counts.sealedBytes).toBe(bytes.length);
    expect(header === null).toBe(vector.epochs === 0);
    const piped = await inspected(streamSource(piecesOf(bytes), "a pipe"));
    // Not by toEqual, which compares byte by byte: a minute for 8 MiB.
    expect(isDeepStrictEqual(piped, { header, ...counts })).toBe(true);
  });

  test("refuses what no header behind a base can be", async () => {
    const { code } = await failure(
      inspected(bytesSource(bytesOf(vectors.find(({ name }) => name === "base-frame-first")!))),
    );
    expect(code).toBe("tampered");
  });
});
