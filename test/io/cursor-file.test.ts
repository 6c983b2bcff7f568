import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { loadCursor, saveCursor } from "../../src/io/cursor-file.js";
import { encodeCursor } from "../../src/journal/cursor.js";
import { failure } from "../support.js";
import { folder } from "./folder.js";

/** A name in a folder of its own. */
const path = () => folder().at("journal");
const CURSOR = { journal: new Uint8Array(32), epoch: 0, frames: 3, end: 900, chain: new Uint8Array(32).fill(7) };

test("a cursor is saved, replaced in one step, and loaded", async () => {
  const name = path();
  expect(loadCursor(name)).toBe(null);
  await saveCursor(name, CURSOR);
  expect(loadCursor(name)).toEqual(CURSOR);
  const { ino } = statSync(name);
  await saveCursor(name, { ...CURSOR, end: 1000 });
  expect(loadCursor(name)).toMatchObject({ end: 1000 });
  expect(statSync(name).ino).not.toBe(ino);
  expect(readdirSync(dirname(name)).filter((entry) => entry.includes(".tmp"))).toEqual([]);
});

test("what is no cursor is refused by its name, and stays as it is", async () => {
  const name = path();
  for (const bytes of [new Uint8Array(), encodeCursor(CURSOR).subarray(1), new Uint8Array(5000)]) {
    writeFileSync(name, bytes);
    expect(() => loadCursor(name)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining(name) }),
    );
    expect(readFileSync(name).length).toBe(bytes.length);
  }
  mkdirSync(`${name}.d`);
  expect(() => loadCursor(`${name}.d`)).toThrow(expect.objectContaining({ code: "usage" }));
  execFileSync("mkfifo", [`${name}.fifo`]);
  expect(() => loadCursor(`${name}.fifo`)).toThrow(expect.objectContaining({ code: "usage" }));
  expect((await failure(saveCursor(`${name}/x`, CURSOR))).code).toBe("io");
});
