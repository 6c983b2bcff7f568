import { expect, test } from "vitest";
import { parseRange } from "../../src/server/range.js";

test.each([
  ["bytes=0-0", { start: 0, end: 1 }],
  ["bytes=0-", { start: 0, end: 100 }],
  ["bytes=10-19", { start: 10, end: 20 }],
  ["Bytes = 99-5000", { start: 99, end: 100 }],
  ["bytes=-1", { start: 99, end: 100 }],
  ["bytes=-500", { start: 0, end: 100 }],
  ["bytes=100-", "none"],
  ["bytes=100-200", "none"],
  ["bytes=-0", "none"],
  ["bytes=5-4", null],
  ["bytes=-", null],
  ["bytes=0-1,5-6", null],
  ["lines=0-1", null],
  ["bytes=1-2x", null],
  ["bytes=9999999999999999-", null],
  [undefined, null],
])("%s", (header, part) => {
  expect(parseRange(header, 100)).toEqual(part);
});
