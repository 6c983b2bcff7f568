// Test vectors that are not part of this repository: they lie next to it, where there is a place for them.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../../shared/vectors/", import.meta.url);

/** The parsed file, or null (and one line that says so) where it is not there: such tests are skipped. */
export function sharedVectors<T>(file: string): T | null {
  const path = fileURLToPath(new URL(file, FOLDER));
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as T;
  console.warn(`vectors not there, their tests are skipped: ../shared/vectors/${file}`);
  return null;
}

/** A file of Wycheproof's, as far as these tests read it. */
export interface Wycheproof<Group, Test> {
  readonly testGroups: readonly (Group & { readonly tests: readonly (Test & WycheproofTest)[] })[];
}

interface WycheproofTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid" | "acceptable";
}
