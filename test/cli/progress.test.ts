// What a long run says where there is no terminal.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withProgress } from "../../src/cli/say/progress.js";
import type { Report } from "../../src/cli/say/report.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is noted of ten minutes of work, of which a tenth is done each minute. */
async function notesOf(progress: Report["progress"]): Promise<string[]> {
  const notes: string[] = [];
  const report = {
    progress,
    json: false,
    result: () => {},
    failure: () => {},
    note: (text: string) => notes.push(text),
  };
  await withProgress(report, "a.bin", async (told) => {
    for (let minute = 1; minute <= 10; minute++) {
      told(minute * 100_000_000, 1_000_000_000);
      await vi.advanceTimersByTimeAsync(60_000);
    }
  });
  await vi.advanceTimersByTimeAsync(600_000);
  return notes;
}

test("now and then it says how far it is, until it is done", async () => {
  const notes = await notesOf("lines");
  expect(notes).toHaveLength(10);
  expect(notes[4]).toMatch(/^a\.bin: 500 MB of 1\.00 GB, 50%, 1\.33 MB\/s, 6:15 min left$/);
});

test("it says nothing where nothing is wanted", async () => {
  expect(await notesOf(null)).toEqual([]);
});
