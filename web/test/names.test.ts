// What a saved file is called, whatever somebody else called it.

import { expect, test } from "vitest";
import { safeName } from "../src/ui/safe.js";

test.each([
  ["report.pdf", "report.pdf"],
  ["..\\..\\evil.exe", "_.._evil.exe"],
  ["../../etc/passwd", "_.._etc_passwd"],
  ["a\u202egpj.exe", "a_gpj.exe"],
  ["new\nline\0.txt", "new_line_.txt"],
  ['x:y*?|<>"z', "x_y______z"],
  ["... ", "opened"],
  ["", "opened"],
])("%j becomes %j", (name, safe) => expect(safeName(name, "opened")).toBe(safe));

test("a long name is cut in its middle, so that its end stays what it is", () => {
  const name = `${"a".repeat(116)}.exe${" ".repeat(50)}.pdf`;
  const safe = safeName(name, "opened");
  expect([...safe]).toHaveLength(120);
  expect(safe).toMatch(/^a+_ +\.pdf$/);
});
