import { expect, test } from "vitest";
import { keyIn } from "../../src/idempotency/header.js";

const KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324";

test("a key is the same with quotes, as the draft standard has it, and without", () => {
  expect([keyIn(`"${KEY}"`), keyIn(KEY)]).toEqual([KEY, KEY]);
  expect(keyIn('"0123456789\\"\\\\abcdef"')).toBe('0123456789"\\abcdef');
});

test.each([
  '"',
  '""',
  `"${KEY}`,
  `"${KEY}" "x"`,
  `"${KEY}";a=1`,
  `"${KEY}\\a"`,
  `"${KEY} x"`,
  '"short"',
  "",
  `"${"x".repeat(129)}"`,
])("%j is none", (header) => {
  expect(keyIn(header)).toBeNull();
});
