// The formulas of sizes, against each other and against FORMAT.md's own words.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealError } from "../../src/errors.js";
import {
  chunkCount,
  endsEarly,
  expectedBytes,
  type Geometry,
  limitFault,
  MAX_PLAINTEXT,
  overhead,
  plaintextSize,
  recordOffset,
  recordSize,
  sealedSize,
} from "../../src/format/sizes.js";

const geometry: fc.Arbitrary<Geometry> = fc.record({
  headerLength: fc.integer({ min: 119, max: 9_000_000 }),
  chunkSize: fc.integer({ min: 12, max: 24 }).map((exponent) => 2 ** exponent),
  signed: fc.boolean(),
});
/** A plaintext's size, often just at a chunk's end. */
const sized = geometry.chain((geometry) =>
  fc.record({
    geometry: fc.constant(geometry),
    bytes: fc.oneof(
      fc.integer({ min: 0, max: MAX_PLAINTEXT - 2 ** 24 }),
      fc
        .tuple(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: -2, max: 2 }))
        .map(([chunks, more]) => Math.max(0, chunks * geometry.chunkSize + more)),
    ),
  }),
);

function outcome(geometry: Geometry, size: number): { chunks: number; bytes: number } | SealError {
  try {
    return plaintextSize(geometry, size);
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
}

test("from plaintext to sealed and back", () => {
  fc.assert(
    fc.property(sized, ({ geometry, bytes }) => {
      const chunks = chunkCount(bytes, geometry.chunkSize);
      fc.pre(limitFault(chunks - 1, bytes) === null);
      const size = sealedSize(geometry, bytes);
      expect(plaintextSize(geometry, size)).toEqual({ chunks, bytes });
      expect(expectedBytes(geometry, size)).toBe(bytes);
    }),
    { numRuns: 2000 },
  );
});

test("from any size: none, or the one plaintext that has it", () => {
  let possible = 0;
  fc.assert(
    fc.property(geometry, fc.integer({ min: 0, max: 2 ** 40 }), (geometry, beyond) => {
      const found = outcome(geometry, geometry.headerLength + beyond);
      const last = beyond % recordSize(geometry);
      if (found instanceof SealError) {
        expect(last).toBeLessThan(overhead(geometry.signed));
        const index = Math.floor(beyond / recordSize(geometry));
        expect(found).toMatchObject({ code: "tampered", chunk: index, offset: recordOffset(geometry, index) });
      } else {
        possible += 1;
        expect(last).toBeGreaterThanOrEqual(overhead(geometry.signed));
        expect(sealedSize(geometry, found.bytes)).toBe(geometry.headerLength + beyond);
        expect(chunkCount(found.bytes, geometry.chunkSize)).toBe(found.chunks);
      }
    }),
    { numRuns: 2000 },
  );
  expect(possible).toBeGreaterThan(1000);
});

test("a size that ends before the first record's trailer does is none, and nothing is expected of it", () => {
  for (const signed of [true, false]) {
    const geometry = { headerLength: 200, chunkSize: 4096, signed };
    for (const size of [0, 100, 199, 200, 201, 215]) {
      expect(expectedBytes(geometry, size)).toBe(0);
      expect(outcome(geometry, size)).toMatchObject({ code: "tampered", chunk: 0, offset: 200 });
    }
  }
});

test("an early end is told with where it is, and what to do", () => {
  expect(endsEarly(3, 12_000)).toMatchObject({ code: "tampered", chunk: 3, offset: 12_000 });
  expect(endsEarly(3, 12_000).message).toMatch(/in chunk 3 \(at byte 12000\)/);
});

test("every size of a small file, counted out", () => {
  for (const signed of [true, false]) {
    const geometry = { headerLength: 200, chunkSize: 4096, signed };
    const trailer = signed ? 112 : 16;
    const possible = new Map<number, number>();
    for (let bytes = 0; bytes <= 3 * 4096; bytes++) {
      const size = 200 + bytes + (Math.floor(bytes / 4096) + 1) * trailer;
      if (sealedSize(geometry, bytes) !== size) expect.fail(`${bytes} bytes`);
      possible.set(size, bytes);
    }
    for (let size = 200; size < 200 + 3 * (4096 + trailer) + trailer; size++) {
      const found = outcome(geometry, size);
      if ((found instanceof SealError ? undefined : found.bytes) !== possible.get(size)) expect.fail(`${size}`);
    }
  }
});

test("records lie one behind the other", () => {
  fc.assert(
    fc.property(geometry, fc.double({ min: 0, max: 1, noNaN: true }), (geometry, part) => {
      const index = Math.floor(part * (MAX_PLAINTEXT / geometry.chunkSize));
      expect(recordOffset(geometry, 0)).toBe(geometry.headerLength);
      expect(recordOffset(geometry, index + 1) - recordOffset(geometry, index)).toBe(recordSize(geometry));
      expect(recordSize(geometry)).toBe(geometry.chunkSize + (geometry.signed ? 112 : 16));
    }),
  );
});

describe("limits", () => {
  test("2^32 chunks, and 2^44 bytes", () => {
    expect(limitFault(2 ** 32 - 1, 2 ** 44)).toBeNull();
    expect(limitFault(2 ** 32, 0)).toMatch(/2\^32 chunks/);
    expect(limitFault(0, 2 ** 44 + 1)).toMatch(/2\^44 bytes/);
    expect(limitFault(2 ** 32 - 2, 2 ** 44)).toBeNull();
  });

  test.each([true, false])("a whole file at them, signed: %s", (signed) => {
    // Of chunks of 4 KiB, 2^32 hold less than 2^44 bytes, since the last one is shorter.
    const small = { headerLength: 300, chunkSize: 4096, signed };
    expect(outcome(small, sealedSize(small, 2 ** 44 - 1))).toEqual({ chunks: 2 ** 32, bytes: 2 ** 44 - 1 });
    expect(outcome(small, sealedSize(small, 2 ** 44))).toMatchObject({ code: "malformed" });
    for (const exponent of [13, 22, 24]) {
      const large = { headerLength: 300, chunkSize: 2 ** exponent, signed };
      const most = { chunks: 2 ** (44 - exponent) + 1, bytes: 2 ** 44 };
      expect(outcome(large, sealedSize(large, 2 ** 44))).toEqual(most);
      expect(outcome(large, sealedSize(large, 2 ** 44 + 1))).toMatchObject({ code: "malformed" });
    }
  });
});
