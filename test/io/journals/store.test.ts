// A journal's file and what is beside it, where others have their hands in the directory.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { native } from "../../../src/crypto/native.js";
import { openJournalFile } from "../../../src/io/journals/open.js";
import type { JournalStore } from "../../../src/journal/store.js";
import { append, openWriter } from "../../journal/writing.js";
import { failure } from "../../support.js";
import { folder } from "../folder.js";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const [START, AFTER] = [new Uint8Array(32), native.sha256(BYTES)];
const PIECE = { position: 0, chain: START, bytes: BYTES, after: AFTER };
const modeOf = (path: string) => statSync(path).mode & 0o777;

/** With a term. */
async function owned(path: string): Promise<JournalStore> {
  const store = await openJournalFile(path);
  expect(await store.takeTerm(crypto.getRandomValues(new Uint8Array(16)))).toEqual({ is: "done" });
  return store;
}

describe("names", () => {
  test("a journal like any output, its cursor and what was moved aside for the writer alone", async () => {
    const { at, names } = folder();
    const umask = process.umask(0o022);
    const store = await owned(at("j"));
    await store.append(PIECE);
    await store.swapCursor(null, BYTES);
    const end = BYTES.slice(2);
    const aside = await store.setAside({ position: 2, length: 3, hash: native.sha256(end) });
    await store.close();
    process.umask(umask);
    expect(aside).toMatch(/j\.tail-2-[0-9a-f]{8}$/);
    expect([...readFileSync(aside)]).toEqual([3, 4, 5]);
    expect(names()).toEqual(["j", aside.slice(aside.lastIndexOf("/") + 1), "j.writer-cursor", "j.writer-term"]);
    expect(["j", "j.writer-cursor", "j.writer-term"].map((name) => modeOf(at(name)))).toEqual([0o644, 0o600, 0o600]);
    expect(modeOf(aside)).toBe(0o600);
  });

  test("a link to a journal is that journal: one lock, one cursor, beside the file", async () => {
    const { at, names } = folder();
    writeFileSync(at("j"), "");
    mkdirSync(at("links"));
    symlinkSync("../j", at("links/j"));
    const store = await owned(at("links/j"));
    expect((await failure(openJournalFile(at("j")))).message).toContain("already has a writer");
    await store.swapCursor(null, BYTES);
    await store.close();
    expect(names()).toEqual(["j", "j.writer-cursor", "j.writer-term", "links"]);
  });

  test("a dangling link makes nothing", async () => {
    const { at, names } = folder();
    symlinkSync("nowhere", at("j"));
    expect((await failure(openJournalFile(at("j")))).code).toBe("io");
    expect(names()).toEqual(["j"]);
  });

  test("a second hard link is refused: each name would have a lock of its own", async () => {
    const { at } = folder();
    writeFileSync(at("j"), "");
    linkSync(at("j"), at("k"));
    expect((await failure(openJournalFile(at("j")))).message).toContain("2 names");
    unlinkSync(at("k"));
    await (await openJournalFile(at("j"))).close();
  });

  test("what is refused does not stay open", { skip: process.platform !== "linux" }, async () => {
    const { at } = folder();
    writeFileSync(at("j"), "");
    linkSync(at("j"), at("k"));
    const before = readdirSync("/proc/self/fd").length;
    await failure(openJournalFile(at("j")));
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  test.each([
    ["a directory", (path: string) => mkdirSync(path)],
    ["a FIFO", (path: string) => execFileSync("mkfifo", [path])],
  ])("%s is no journal, and is not waited for", async (_what, make) => {
    const { at, names } = folder();
    make(at("j"));
    expect((await failure(openJournalFile(at("j")))).code).toBe("usage");
    expect(names()).toEqual(["j"]);
  });

  test("a directory that is not there is an io error", async () => {
    const { at } = folder();
    expect((await failure(openJournalFile(at("no/j")))).code).toBe("io");
  });
});

describe("what others put where the cursor is", () => {
  test.each([
    ["a link", (path: string) => symlinkSync("secret", path)],
    ["a FIFO", (path: string) => execFileSync("mkfifo", [path])],
    ["a directory", (path: string) => mkdirSync(path)],
  ])("%s is not read", async (_what, make) => {
    const { at } = folder();
    writeFileSync(at("secret"), "text");
    const store = await openJournalFile(at("j"));
    make(at("j.writer-cursor"));
    expect((await failure(store.cursor())).code).toBe("io");
    await store.close();
  });

  test("a link is not followed, nor replaced", async () => {
    const { at } = folder();
    writeFileSync(at("secret"), "text");
    const store = await owned(at("j"));
    symlinkSync("secret", at("j.writer-cursor"));
    expect((await store.swapCursor(null, BYTES)).is).not.toBe("done");
    await store.close();
    expect(readFileSync(at("secret"), "utf8")).toBe("text");
  });

  test("a long one is read as far as no cursor goes", async () => {
    const { at } = folder();
    writeFileSync(at("j.writer-cursor"), Buffer.alloc(100_000));
    const store = await openJournalFile(at("j"));
    expect((await store.cursor())!.length).toBeLessThan(10_000);
    await store.close();
  });
});

describe("while it is being written", () => {
  test.each<[string, (path: string) => void]>([
    ["removed", (path) => unlinkSync(path)],
    ["moved", (path) => renameSync(path, `${path}.1`)],
    ["replaced", (path) => [renameSync(path, `${path}.1`), writeFileSync(path, readFileSync(`${path}.1`))]],
    ["added to", (path) => appendFileSync(path, "x")],
    ["cut", (path) => truncateSync(path, statSync(path).size - 1)],
  ])("%s: nothing is acknowledged that would not be found", async (_what, change) => {
    const { at, names } = folder();
    const writer = await openWriter(await openJournalFile(at("j")));
    await append(writer, "a");
    change(at("j"));
    // Of its own term it may say that it has ended.
    const touched = () =>
      names()
        .filter((name) => name !== "j.writer-term" && !name.startsWith("."))
        .map((name) => [name, statSync(at(name)).mtimeMs]);
    const before = touched();
    expect((await failure(append(writer, "b"))).code).toBe("fenced");
    expect((await failure(append(writer, "c"))).code).toBe("fenced");
    expect((await failure(writer.close())).code).toBe("fenced");
    expect(touched()).toEqual(before);
  });
});

describe("a journal that does not go on from where the writer left it is refused as tampered", () => {
  test.each<[string, (path: string, before: Buffer) => void]>([
    ["missing", (path) => rmSync(path)],
    ["empty", (path) => truncateSync(path, 0)],
    ["cut off by a frame", (path, before) => writeFileSync(path, before)],
    ["cut off inside a frame", (path) => truncateSync(path, statSync(path).size - 1)],
    ["rolled back to another beginning", (path) => writeFileSync(path, readFileSync(`${path}2`))],
  ])("%s", async (_what, change) => {
    const { at } = folder();
    const other = await openWriter(await openJournalFile(at("j2")));
    await append(other, "other", "records", "that are longer");
    await other.close();
    const writer = await openWriter(await openJournalFile(at("j")));
    await append(writer, "a");
    const before = readFileSync(at("j"));
    await append(writer, "b");
    await writer.close();
    change(at("j"), before);
    expect((await failure(openJournalFile(at("j")).then((store) => openWriter(store)))).code).toBe("tampered");
    // Nothing was touched, and nothing is locked.
    expect((await failure(openJournalFile(at("j")).then((store) => openWriter(store)))).code).toBe("tampered");
  });
});
