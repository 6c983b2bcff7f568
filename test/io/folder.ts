// A folder of its own for each test, gone afterwards.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

const made: string[] = [];

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A fresh folder: `at` gives the path of a name in it, `names` what is in it, hidden files too. */
export function folder(): { path: string; at(name: string): string; names(): string[] } {
  const path = mkdtempSync(join(tmpdir(), "seal-io-"));
  made.push(path);
  return { path, at: (name) => join(path, name), names: () => readdirSync(path).sort() };
}
