// An incomplete end of many megabytes, as zeros that a loss of power has left can be, is moved aside in pieces.

import { statSync, truncateSync } from "node:fs";
import { expect, test } from "vitest";
import { concat } from "../../src/bytes.js";
import { openJournalFile } from "../../src/io/journals/open.js";
import { folder } from "../io/folder.js";
import { IS_WHOLE } from "../whole.js";
import { memoryStore } from "./memory-store.js";
import { append, openWriter } from "./writing.js";

const MIB = 1024 * 1024;
/** So long that what is read of it and not collected yet is far from it, on a busy machine too. */
const END = 320 * MIB;

test("no more of it is read at once than of frames", async () => {
  const store = memoryStore();
  const first = await openWriter(store);
  await append(first, "one");
  await first.close();
  store.bytes = concat(store.bytes, new Uint8Array(32 * MIB));
  const again = store.another();
  const { readAt } = again;
  const lengths: number[] = [];
  again.readAt = (position, length) => {
    lengths.push(length);
    return readAt(position, length);
  };
  const writer = await openWriter(again);
  await writer.close();
  expect(store.aside.map(({ length }) => length)).toEqual([32 * MIB]);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(4 * MIB);
});

test.runIf(IS_WHOLE)("nor held, where it lies in a file", async () => {
  const { at } = folder();
  const first = await openWriter(await openJournalFile(at("j")));
  await append(first, "one");
  await first.close();
  const { size } = statSync(at("j"));
  truncateSync(at("j"), size + END);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }, 2);
  const writer = await openWriter(await openJournalFile(at("j")));
  clearInterval(watch);
  await writer.close();
  expect(statSync(writer.recovered.tailMovedTo!).size).toBe(END);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan((2 / 3) * END);
});
