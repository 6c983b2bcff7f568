import { expect, test } from "vitest";
import { fileNameOf, shownUrl } from "../../../src/io/http/url.js";

test.each([
  ["https://h/a/f.sealed", "f.sealed"],
  ["https://h/a/f.sealed?x=/y#z", "f.sealed"],
  ["https://h/a%20b.sealed", "a b.sealed"],
  ["https://h/%C3%A4.sealed", "ä.sealed"],
  ["https://h/", null],
  ["https://h/a/", null],
  ["https://h/a/%2e%2e", null],
  ["https://h/..%2Fx.sealed", null],
  ["https://h/..%5Cx.sealed", null],
  ["https://h/a%00b", null],
  ["https://h/a%0Ab", null],
  ["https://h/%ff", null],
])("the name of the file at %s: %s", (url, name) => {
  expect(fileNameOf(new URL(url))).toBe(name);
});

test("what is shown of an address", () => {
  const url = "https://me:hush@h:8/f?a=b&X-Amz-Signature=hush&token=hush#hush";
  expect(shownUrl(new URL(url))).toBe("https://h:8/f?a=b&X-Amz-Signature=…&token=…");
});
