// What a record is shown as: JSON on several lines, and no record that takes long.

import { expect, test } from "vitest";
import { contentOf, indented } from "../src/journal/content.js";

test("JSON is indented, its words as they stand", () => {
  expect(indented('{"a":[1,{"b":1.0}],"c":{},"d":[]}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": 1.0\n    }\n  ],\n  "c": {},\n  "d": []\n}',
  );
});

test.each([
  ["nested as deep as it goes", "[".repeat(8192) + "]".repeat(8192)],
  ["nested deeper than is indented", `${"[".repeat(65)}1${"]".repeat(65)}`],
  ["that would become long", `${"[".repeat(63)}${"1,".repeat(8000)}1${"]".repeat(63)}`],
])("JSON %s is shown as it stands, at once", (_what, text) => {
  const began = performance.now();
  expect(contentOf(Buffer.from(text))).toMatchObject({ is: "text", text });
  expect(performance.now() - began).toBeLessThan(500);
});
