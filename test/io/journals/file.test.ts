// A journal's file as its reader sees it, while others do things to it.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SealError } from "../../../src/errors.js";
import { openJournal } from "../../../src/io/journals/file.js";
import { failure } from "../../support.js";
import { folder } from "../folder.js";

/** A name in a folder of its own. */
const path = () => folder().at("journal");

async function withJournal(
  bytes: string,
  work: (source: ReturnType<typeof openJournal>, name: string) => Promise<void>,
): Promise<void> {
  const name = path();
  writeFileSync(name, bytes);
  const source = openJournal(name);
  try {
    await work(source, name);
  } finally {
    await source.close();
  }
}

const text = async (bytes: Promise<Uint8Array>) => Buffer.from(await bytes).toString();
const never = new AbortController().signal;

test("size and bytes, fewer only at the end", () =>
  withJournal("0123456789", async (source) => {
    expect(await source.size()).toBe(10);
    expect(await text(source.readAt(2, 3))).toBe("234");
    expect(await text(source.readAt(8, 100))).toBe("89");
    expect(await text(source.readAt(10, 1))).toBe("");
    expect(await text(source.readAt(1000, 2 ** 40))).toBe("");
  }));

describe("waiting for a change ends", () => {
  test.each([
    ["when it grows", (name: string) => appendFileSync(name, "more"), 14],
    ["when it is cut off", (name: string) => truncateSync(name, 3), 3],
    [
      "when another takes its name",
      (name: string) => {
        writeFileSync(`${name}.new`, "0123456789abc");
        renameSync(`${name}.new`, name);
      },
      13,
    ],
  ])("%s", (_what, change, size) =>
    withJournal("0123456789", async (source, name) => {
      await source.size();
      const changed = source.changed!(never);
      setTimeout(() => change(name), 30);
      await changed;
      expect(await source.size()).toBe(size);
      expect((await source.readAt(0, 100)).length).toBe(size);
    }),
  );

  test("at once, where it changed since it was last asked for its size", () =>
    withJournal("0", async (source, name) => {
      await source.size();
      appendFileSync(name, "1");
      await source.changed!(never);
      expect(await source.size()).toBe(2);
    }));

  test("when it is not wanted any more", () =>
    withJournal("0", async (source) => {
      await source.size();
      const end = new AbortController();
      const changed = source.changed!(end.signal);
      end.abort(new SealError("interrupted", "enough"));
      expect((await failure(changed)).message).toBe("enough");
    }));
});

test("a file whose name is gone is read on, and one that takes its name is found", () =>
  withJournal("0123", async (source, name) => {
    await source.size();
    rmSync(name);
    expect(await source.size()).toBe(4);
    expect(await text(source.readAt(0, 9))).toBe("0123");
    const changed = source.changed!(never);
    setTimeout(() => writeFileSync(name, "012345"), 30);
    await changed;
    expect(await source.size()).toBe(6);
  }));

test("a name that leads nowhere any more is an io error", () =>
  withJournal("0123", async (source, name) => {
    rmSync(name);
    symlinkSync(name, name);
    expect((await failure(source.size())).code).toBe("io");
    expect((await failure(source.changed!(never))).code).toBe("io");
  }));

describe("refused:", () => {
  test("a directory, a FIFO, nothing", async () => {
    const name = path();
    expect(() => openJournal(name)).toThrow(expect.objectContaining({ code: "io" }));
    mkdirSync(name);
    expect(() => openJournal(name)).toThrow(expect.objectContaining({ code: "usage" }));
    execFileSync("mkfifo", [`${name}.fifo`]);
    expect(() => openJournal(`${name}.fifo`)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
