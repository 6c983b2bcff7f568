// A thread that starts before the program is read: for whom.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { earlyThread, LONG_LIST } from "../../src/cli/early.js";
import * as threads from "../../src/engine/thread.js";
import { LARGE } from "../../src/engine/threads.js";

const folder = mkdtempSync(join(tmpdir(), "seal-early-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, size: number): string {
  const path = join(folder, name);
  writeFileSync(path, "");
  truncateSync(path, size);
  return path;
}

const large = file("large", LARGE);
const small = file("small", LARGE - 1);
const [list, short] = [file("list", LONG_LIST), file("short", LONG_LIST - 1)];

const thread = { worker: {}, isReady: false, ended: null } as threads.Thread;
const starting = vi.spyOn(threads, "startEngineThread").mockReturnValue(thread);
vi.mock("node:os", async (original) => ({ ...(await original<object>()), availableParallelism: () => 2 }));

test.each([
  ["seal", [large, "--to", short], true],
  ["seal", [small, "--to", short], false],
  ["seal", [small, "--to", list], true],
  ["seal", [list, "--to", short], false],
  ["seal", ["open", large, "--key", small], true],
  ["seal", ["verify", "-q", large], true],
  ["open", [large], true],
  ["open", [small, "-"], false],
  ["open", ["https://example.com/large", "missing"], false],
  ["seal", [large, "--to", short, "--threads", "8"], false],
  ["seal", [large, "--to", short, "--threads=8"], false],
  ["seal", [large, "--help"], false],
  ["seal", ["rewrap", large], false],
  ["seal", ["inspect", large], false],
  ["seal", ["journal", "read", large], false],
  ["seal", [...Array.from({ length: 16 }, () => small), large], false],
] as const)("%s %j", (program, argv, isWorth) => {
  starting.mockClear();
  expect(earlyThread(program, argv)).toBe(isWorth ? thread : null);
  expect(starting).toHaveBeenCalledTimes(isWorth ? 1 : 0);
});
