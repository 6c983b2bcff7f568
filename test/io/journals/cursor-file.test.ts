import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { encodeCursor, type Purpose } from "../../../src/format/cursor.js";
import { openCursor } from "../../../src/io/journals/cursor-file.js";
import { failure } from "../../support.js";
import { folder } from "../folder.js";

/** A name in a folder of its own. */
const path = () => folder().at("cursor");
const hash = (fill: number) => new Uint8Array(32).fill(fill);
const CURSOR = { journal: hash(0), epoch: 0, header: hash(9), frames: 3, end: 900, chain: hash(7) };

async function load(name: string, purpose: Purpose = "reading") {
  const file = await openCursor(name, purpose);
  await file.close();
  return file.cursor;
}

async function save(name: string, cursor: typeof CURSOR) {
  const file = await openCursor(name, "reading");
  try {
    await file.save(cursor);
  } finally {
    await file.close();
  }
}

test("a cursor is saved, replaced in one step, and loaded", async () => {
  const name = path();
  expect(await load(name)).toBe(null);
  await save(name, CURSOR);
  expect(await load(name)).toEqual(CURSOR);
  const { ino } = statSync(name);
  await save(name, { ...CURSOR, end: 1000 });
  expect(await load(name)).toMatchObject({ end: 1000 });
  expect(statSync(name).ino).not.toBe(ino);
  expect(readdirSync(dirname(name))).toEqual([basename(name)]);
});

test("what is no cursor is refused by its name, and stays as it is", async () => {
  const name = path();
  for (const bytes of [new Uint8Array(), encodeCursor(CURSOR, "reading").subarray(1), new Uint8Array(5000)]) {
    writeFileSync(name, bytes);
    expect(await failure(load(name))).toMatchObject({ code: "usage", message: expect.stringContaining(name) });
    expect(readFileSync(name).length).toBe(bytes.length);
  }
  mkdirSync(`${name}.d`);
  expect((await failure(load(`${name}.d`))).code).toBe("usage");
  execFileSync("mkfifo", [`${name}.fifo`]);
  expect((await failure(load(`${name}.fifo`))).code).toBe("usage");
  expect((await failure(load(`${name}/x`))).code).toBe("io");
  expect((await failure(load(`${name}.nowhere/x`))).code).toBe("io");
});

test("a cursor that is for something else is refused by its name, and stays as it is", async () => {
  const name = path();
  writeFileSync(name, encodeCursor(CURSOR, "verifying"));
  const message = `${name} is a cursor for verifying, not for reading`;
  expect(await failure(load(name))).toMatchObject({ code: "usage", message });
  expect(await load(name, "verifying")).toEqual(CURSOR);
  expect(readdirSync(dirname(name))).toEqual([basename(name)]);
});

test("while it is in use, nobody else gets it, under another name of its directory either", async () => {
  const name = path();
  const link = `${dirname(name)}-link`;
  symlinkSync(dirname(name), link);
  const file = await openCursor(name, "reading");
  for (const other of [name, join(link, "cursor")]) {
    for (const purpose of ["reading", "verifying"] as const)
      expect((await failure(openCursor(other, purpose))).code).toBe("io");
  }
  await file.save(CURSOR);
  expect((await failure(openCursor(name, "reading"))).code).toBe("io");
  await file.close();
  expect(await load(join(link, "cursor"))).toEqual(CURSOR);
});
