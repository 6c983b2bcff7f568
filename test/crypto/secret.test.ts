// Secrets have one allocator, and one place where they are erased; the types see to the rest.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { copySecret, disclose, erase, joinSecret, newSecret, ownSecret, partOf } from "../../src/crypto/secret.js";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
const OWN = join("crypto", "secret.ts");

function filesWith(pattern: RegExp): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.filter((name) => pattern.test(readFileSync(join(SRC, name), "utf8")));
}

test.each([
  ["calls anything a Secret that it did not get as one", /\bas (?:unknown as )?Secret\b/],
  ["overwrites with zeros", /\.fill\(0\b/],
  ["draws secrets", /randomFillSync\(newSecret|filled\(newSecret/],
])("only one file %s", (what, pattern) => {
  const allowed = what === "draws secrets" ? [join("crypto", "native.ts"), join("crypto", "portable.ts")] : [OWN];
  expect(filesWith(pattern).sort()).toEqual(allowed);
});

test("a secret has its memory to itself, outside of arrays that V8 moves", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  for (const secret of [newSecret(3), copySecret(bytes), joinSecret(bytes), ownSecret(bytes.slice())]) {
    expect(secret.buffer.byteLength).toBe(3);
    expect(secret.byteOffset).toBe(0);
  }
});

test("what is owned is taken as it is, or copied and erased where others have a part of its memory", () => {
  const whole = new Uint8Array(new ArrayBuffer(4)).fill(7);
  expect(ownSecret(whole).buffer).toBe(whole.buffer);
  const part = new Uint8Array(new ArrayBuffer(8)).fill(7).subarray(2, 6);
  expect(ownSecret(part)).toEqual(Uint8Array.of(7, 7, 7, 7));
  expect(part).toEqual(new Uint8Array(4));
});

test("a part is a view, erased with the whole; what is disclosed is a copy, and the secret is gone", () => {
  const secret = copySecret(Uint8Array.of(1, 2, 3, 4));
  const part = partOf(secret, 1, 3);
  expect(part).toEqual(Uint8Array.of(2, 3));
  expect(disclose(copySecret(part))).toEqual(Uint8Array.of(2, 3));
  erase(secret);
  expect(part).toEqual(new Uint8Array(2));
  const gone = copySecret(Uint8Array.of(9));
  disclose(gone);
  expect(gone).toEqual(new Uint8Array(1));
});
