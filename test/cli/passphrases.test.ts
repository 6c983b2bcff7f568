// A passphrase that is refused leaves no copy of itself. Every secret is watched from where it is made.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { newPassphrase } from "../../src/cli/options/passphrases.js";
import { failure, shown } from "../support.js";

const { made } = vi.hoisted(() => ({ made: [] as Uint8Array[] }));

vi.mock("../../src/crypto/secret.js", async (original) => {
  const real = await original<typeof import("../../src/crypto/secret.js")>();
  const copySecret: typeof real.copySecret = (bytes) => {
    const copy = real.copySecret(bytes);
    made.push(copy);
    return copy;
  };
  return { ...real, copySecret };
});

const dir = mkdtempSync(join(tmpdir(), "seal-passphrases-"));
const path = join(dir, "word");
beforeEach(() => {
  made.length = 0;
  process.env.SEAL_PASSPHRASE_FILE = path;
});
afterEach(() => {
  delete process.env.SEAL_PASSPHRASE_FILE;
  rmSync(path, { force: true });
});

afterAll(() => rmSync(dir, { recursive: true }));

const { signal } = new AbortController();

test.each([
  ["two lines", "correct horse\nbattery\n"],
  ["a control character", "correct horse\u0001\n"],
  ["a byte order mark", "\ufeffcorrect horse\n"],
])("of a file with %s", async (_what, text) => {
  writeFileSync(path, text);
  expect((await failure(newPassphrase(signal))).code).toBe("usage");
  expect(made.length).toBeGreaterThan(0);
  for (const secret of made) expect(secret.every((byte) => byte === 0)).toBe(true);
});

test("of a file with one line, it is given", async () => {
  writeFileSync(path, "correct horse\n");
  expect(Buffer.from(shown(await newPassphrase(signal))).toString()).toBe("correct horse");
});
