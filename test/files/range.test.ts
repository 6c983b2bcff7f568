// Ranges: the right bytes, of a file whose length is authentic; and a fault inside the range is found, one outside is
// not looked at.

import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { type Opening, openTo } from "../../src/files/open.js";
import { chunkMessage, nextChain } from "../../src/format/record.js";
import { geometryOf, parseHeader } from "../../src/header/read.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { failure, memorySink, pieces, SUITES } from "../support.js";
import { CHUNK, content, ENGINES, NOW, OPEN, OPEN_UNSIGNED, opened, sealed, sender } from "./samples.js";

const SIZE = 3 * CHUNK + 100;
const LAST = SIZE - 1;
const plaintext = content(SIZE);

let file: Bytes;
let unsigned: Bytes;
let digest: string | null;
/** Offset of each record in `file`, and of the end. */
let at: number[];

const recordKey = native.recordKey();
const suite = { ...native, recordKey: () => ({ ...recordKey, erase: () => {} }) };

beforeAll(async () => {
  const { file: bytes, result } = await sealed(plaintext, { suite });
  file = bytes;
  digest = result.digest;
  unsigned = (await sealed(plaintext, { signer: null })).file;
  const { headerLength } = geometryOf(await parseHeader(bytesSource(file), native));
  at = [...[0, 1, 2, 3].map((index) => headerLength + index * (CHUNK + 112)), file.length];
});

async function refused(bytes: Uint8Array, first: number, last: number, options: Partial<Opening> = {}) {
  const sink = memorySink();
  const error = await failure(openTo(bytesSource(bytes), sink, { ...OPEN, ...options, range: { first, last } }));
  expect(sink.state).toBe("aborted");
  return { code: error.code, chunk: error.chunk, released: sink.released().length };
}

/** `file` with a bit of record `index` flipped, `offset` bytes into it. */
function flipped(index: number, offset = 5): Bytes {
  const bad = file.slice();
  bad[at[index]! + offset]! ^= 4;
  return bad;
}

describe("the bytes of a range", () => {
  const ENDS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK - 1, 3 * CHUNK, LAST - 1, LAST];

  async function expectSlice(first: number, last: number, options: Partial<Opening>, sealedFile = file) {
    const found = await opened(sealedFile, { ...options, range: { first, last } });
    const what = `${first}-${last}`;
    expect(found.plaintext.equals(plaintext.subarray(first, last + 1)), what).toBe(true);
    const inRange = Math.floor(last / CHUNK) - Math.floor(first / CHUNK) + 1;
    const chunks = inRange + (last >= 3 * CHUNK ? 0 : 1);
    expect(found.result, what).toMatchObject({ bytes: last - first + 1, chunks });
    return found.result;
  }

  test("at every two of the chunks' ends, and the summary is the file's", async () => {
    for (const first of ENDS) {
      for (const last of ENDS.filter((end) => end >= first)) {
        const result = await expectSlice(first, last, {});
        expect(result).toMatchObject({
          digest,
          signer: sender.signingKey.publicKey,
          label: "",
          sealedAt: NOW / 1000,
        });
        expect((await expectSlice(first, last, OPEN_UNSIGNED, unsigned)).digest).toBeNull();
      }
    }
  });

  test("anywhere, on both suites and on any engine", async () => {
    const range = fc.tuple(fc.nat(LAST), fc.nat(LAST)).map((ends) => ends.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        range,
        fc.constantFrom(...SUITES),
        fc.constantFrom(...ENGINES),
        async (ends, suite, [, engine]) => {
          await expectSlice(ends[0]!, ends[1]!, { suite, engine });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of a file whose last chunk is empty", async () => {
    const { file: whole } = await sealed(plaintext.subarray(0, 2 * CHUNK));
    const found = await opened(whole, { range: { first: CHUNK - 1, last: 2 * CHUNK - 1 } });
    expect(found.plaintext.equals(plaintext.subarray(CHUNK - 1, 2 * CHUNK))).toBe(true);
    expect(found.result.chunks).toBe(3);
    expect(await refused(whole, 2 * CHUNK, 2 * CHUNK)).toMatchObject({ code: "usage", released: 0 });
  });
});

test("progress counts the bytes of the range", async () => {
  for (const [first, last] of [
    [10, 2 * CHUNK + 5],
    [0, LAST],
    [LAST, LAST],
  ] as const) {
    const seen: [number, number | null][] = [];
    const progress = (done: number, total: number | null) => void seen.push([done, total]);
    await opened(file, { range: { first, last }, progress });
    const all = last - first + 1;
    expect(seen.at(-1)).toEqual([all, all]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  }
});

describe("no such range", () => {
  test.each([
    [SIZE, SIZE],
    [0, SIZE],
    [LAST, 10 * SIZE],
    [4 * CHUNK, 4 * CHUNK],
    [0, Number.MAX_SAFE_INTEGER],
  ])("%i-%i is past the end", async (first, last) => {
    expect(await refused(file, first, last)).toEqual({ code: "usage", chunk: undefined, released: 0 });
    expect(await refused(unsigned, first, last, OPEN_UNSIGNED)).toMatchObject({ code: "usage", released: 0 });
  });

  test("an empty file has none", async () => {
    const { file: empty } = await sealed(new Uint8Array());
    expect(await refused(empty, 0, 0)).toMatchObject({ code: "usage", released: 0 });
  });

  test.each([
    [5, 3],
    [CHUNK, CHUNK - 1],
    [2 * CHUNK + 1, 3],
    [-1, 3],
    [-CHUNK - 1, 3],
    [-3, -1],
    [0.5, 3],
    [0, 3.5],
    [Number.NaN, 3],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])("%d-%d is none", async (first, last) => {
    expect(await refused(file, first, last)).toMatchObject({ code: "usage", released: 0 });
  });

  test("of a stream: it cannot be read by position", async () => {
    const sink = memorySink();
    const source = streamSource(pieces(file, 1000), "the input");
    const error = await failure(openTo(source, sink, { ...OPEN, range: { first: 0, last: 3 } }));
    expect(error.code).toBe("usage");
    expect(sink.released().length).toBe(0);
  });
});

describe("the length is authentic before a byte is released:", () => {
  test.each([0, 3 * CHUNK, 3 * CHUNK + 99])("a fault in the final record, the range at %i", async (first) => {
    for (const offset of [0, 50, 100, 115, 116, 147, 148, 211]) {
      const result = await refused(flipped(3, offset), first, first);
      expect(result, `byte ${offset}`).toEqual({ code: "tampered", chunk: 3, released: 0 });
    }
    const bad = unsigned.slice();
    bad[bad.length - 1]! ^= 1;
    expect(await refused(bad, first, first, OPEN_UNSIGNED)).toEqual({ code: "tampered", chunk: 3, released: 0 });
  });

  test("it is cut, anywhere, or longer", async () => {
    const cuts = [1, 50, 99, 100, 101, 112, 211, 212, 213, 1000, CHUNK, CHUNK + 212, 2 * CHUNK];
    for (const cut of cuts) {
      const { code, chunk, released } = await refused(file.subarray(0, file.length - cut), 0, 10);
      const expected = cut <= 212 ? 3 : Math.floor((file.length - cut - at[0]!) / (CHUNK + 112));
      expect({ code, chunk, released }, `${cut}`).toEqual({ code: "tampered", chunk: expected, released: 0 });
    }
    for (const more of [1, 111, 112, CHUNK - 100, CHUNK, CHUNK + 112]) {
      const { code, released } = await refused(concat(file, new Uint8Array(more)), 0, 10);
      expect({ code, released }, `${more}`).toEqual({ code: "tampered", released: 0 });
    }
  });

  test("it becomes shorter after it was opened", async () => {
    for (const [length, chunk] of [
      [file.length - 1, 3],
      [at[3]! + 112, 3],
      [at[3]! + 50, 3],
      [at[3]!, 3],
      [at[1]! + 1, 3],
    ] as const) {
      const source = { ...bytesSource(file.subarray(0, length)), size: file.length };
      const sink = memorySink();
      const error = await failure(openTo(source, sink, { ...OPEN, range: { first: 0, last: 5 } }));
      expect(error).toMatchObject({
        code: "tampered",
        chunk,
        offset: at[chunk],
        message: expect.stringContaining("ends early"),
      });
      expect(sink.released().length).toBe(0);
    }
  });

  test("its last record is dropped, so that one that is not final is at the end", async () => {
    expect(await refused(file.subarray(0, at[3]!), 0, 10)).toMatchObject({ code: "tampered", released: 0 });
    const { file: other } = await sealed(plaintext.subarray(0, 100));
    const final = other.subarray(other.length - 212);
    expect(await refused(concat(file.subarray(0, at[3]!), final), 0, 10)).toEqual({
      code: "tampered",
      chunk: 3,
      released: 0,
    });
  });

  test("it is authentic before the range is found to be past the end", async () => {
    expect(await refused(flipped(3), SIZE, SIZE)).toMatchObject({ code: "tampered" });
  });
});

describe("the records of the range", () => {
  test.each(ENGINES)(
    "%s: a fault inside is found, after what is before it; one outside does not matter",
    async (_name, engine) => {
      for (const index of [0, 1, 2]) {
        for (const offset of [0, CHUNK + 15, CHUNK + 16, CHUNK + 48]) {
          const bad = flipped(index, offset);
          for (const [from, to] of [
            [0, 0],
            [1, 1],
            [2, 2],
            [3, 3],
            [0, 2],
            [1, 2],
            [1, 3],
          ] as const) {
            const [first, last] = [from * CHUNK + 7, Math.min(LAST, to * CHUNK + 9)];
            const what = `byte ${offset} of record ${index}, range ${first}-${last}`;
            if (index < from || index > to) {
              const { plaintext: found } = await opened(bad, { engine, range: { first, last } });
              expect(found.equals(plaintext.subarray(first, last + 1)), what).toBe(true);
            } else {
              const released = Math.max(0, index * CHUNK - first);
              const expected = { code: "tampered", chunk: index, released };
              expect(await refused(bad, first, last, { engine }), what).toEqual(expected);
            }
          }
        }
      }
    },
  );

  test("swapped, doubled, or of another file by the same sender", async () => {
    const other = (await sealed(plaintext)).file;
    const record = (index: number, bytes = file) => bytes.subarray(at[index]!, at[index + 1]!);
    const header = file.subarray(0, at[0]!);
    const replaced = (index: number, by: Bytes) => {
      const bad = file.slice();
      bad.set(by, at[index]!);
      return bad;
    };
    const swapped = concat(header, record(1), record(0), record(2), record(3));
    expect(await refused(swapped, 0, 2 * CHUNK)).toEqual({ code: "tampered", chunk: 0, released: 0 });
    expect(await refused(swapped, CHUNK, 2 * CHUNK)).toEqual({ code: "tampered", chunk: 1, released: 0 });
    expect(await refused(replaced(2, record(1)), CHUNK, LAST)).toEqual({ code: "tampered", chunk: 2, released: CHUNK });
    expect(await refused(replaced(1, record(1, other)), 0, LAST)).toMatchObject({ code: "tampered", chunk: 1 });
    expect(await refused(replaced(3, record(3, other)), 0, 0)).toEqual({ code: "tampered", chunk: 3, released: 0 });
  });

  describe("carry chain values that follow on one another wherever two neighbours are read", () => {
    /** `file`, in which record `index` has another chain value, and the record key's signature for it. */
    async function rechained(index: number): Promise<Bytes> {
      const { coreHash } = await parseHeader(bytesSource(file), native);
      const body = file.subarray(at[index]!, at[index + 1]! - 96);
      const body_ = native.sha256(body);
      const chain = nextChain(native, coreHash, Uint8Array.of(1));
      const signature = recordKey.sign(chunkMessage(coreHash, { index, final: index === 3 }, chain, body_));
      const bad = file.slice();
      bad.set(concat(chain, signature), at[index]! + body.length);
      return bad;
    }

    test.each([
      [0, 0, 0, "the first record's is the core hash"],
      [0, 0, LAST, "the first record's is the core hash"],
      [1, 0, CHUNK, "in the range"],
      [2, CHUNK, LAST, "in the range"],
      [2, 2 * CHUNK, LAST, "with the final record in the range"],
      [3, 2 * CHUNK, LAST, "the final record in the range"],
      [3, 2 * CHUNK, 3 * CHUNK - 1, "the final record behind the range"],
      [3, 0, 3 * CHUNK - 1, "the final record behind the range"],
    ])("record %i, range %i-%i: %s", async (index, first, last) => {
      for (const [, engine] of ENGINES) {
        expect(await refused(await rechained(index), first, last, { engine })).toMatchObject({ code: "tampered" });
      }
    });

    test("what is no neighbour is not vouched for", async () => {
      const bad = await rechained(1);
      const { plaintext: found } = await opened(bad, { range: { first: 3 * CHUNK, last: LAST } });
      expect(found.equals(plaintext.subarray(3 * CHUNK))).toBe(true);
      const alone = await opened(bad, { range: { first: CHUNK, last: CHUNK } });
      expect(alone.plaintext.length).toBe(1);
    });
  });
});
