// A temporary directory for each test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Removed when the test is over. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "seal-inbox-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
