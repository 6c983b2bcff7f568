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
import { openJournalFile } from "../../src/io/journal-file.js";
import { append, openWriter, recordsOf } from "../journal/writing.js";
import { failure } from "../support.js";
import { folder } from "./folder.js";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("names", () => {
  test("a journal like any output, its cursor and what was moved aside for the writer alone", async () => {
    const { at, names } = folder();
    const umask = process.umask(0o022);
    const store = await openJournalFile(at("j"));
    await store.openEpoch(0, BYTES, BYTES);
    const aside = await store.setAside(2);
    await store.close();
    process.umask(umask);
    expect(aside).toMatch(/j\.tail-2-[0-9a-f]{8}$/);
    expect([...readFileSync(aside!)]).toEqual([3, 4, 5]);
    expect(names()).toEqual(["j", aside!.slice(aside!.lastIndexOf("/") + 1), "j.writer-cursor"]);
    expect(["j", "j.writer-cursor"].map((name) => modeOf(at(name)))).toEqual([0o644, 0o600]);
    expect(modeOf(aside!)).toBe(0o600);
  });

  test("a link to a journal is that journal: one lock, one cursor, beside the file", async () => {
    const { at, names } = folder();
    writeFileSync(at("j"), "");
    mkdirSync(at("links"));
    symlinkSync("../j", at("links/j"));
    const store = await openJournalFile(at("links/j"));
    expect((await failure(openJournalFile(at("j")))).message).toContain("has a writer already");
    await store.saveCursor(BYTES);
    await store.close();
    expect(names()).toEqual(["j", "j.writer-cursor", "links"]);
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

  test("a link is replaced, not followed", async () => {
    const { at } = folder();
    writeFileSync(at("secret"), "text");
    const store = await openJournalFile(at("j"));
    symlinkSync("secret", at("j.writer-cursor"));
    await store.saveCursor(BYTES);
    await store.close();
    expect(readFileSync(at("secret"), "utf8")).toBe("text");
    expect([...readFileSync(at("j.writer-cursor"))]).toEqual([...BYTES]);
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
    const { at } = folder();
    const writer = await openWriter(await openJournalFile(at("j")));
    await append(writer, "a");
    change(at("j"));
    expect((await failure(append(writer, "b"))).code).toBe("io");
    await writer.close().catch(() => undefined);
  });

  test("what somebody else added is moved aside, and the writer goes on", async () => {
    const { at, names } = folder();
    const writer = await openWriter(await openJournalFile(at("j")));
    await append(writer, "a");
    appendFileSync(at("j"), "somebody else's");
    await failure(append(writer, "b"));
    await append(writer, "c");
    await writer.close();
    const aside = names().find((name) => name.startsWith("j.tail-"))!;
    expect(readFileSync(at(aside), "utf8")).toBe("somebody else's");
    expect(recordsOf({ bytes: Uint8Array.from(readFileSync(at("j"))) })).toEqual(["a", "c"]);
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
