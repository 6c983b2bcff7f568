// Files as output: nothing under the name until all of it is there, and nothing of it left where that fails.

import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { randomName } from "../../src/crypto/random.js";
import { committing, type Sink } from "../../src/flow/io.js";
import { openSource } from "../../src/io/files.js";
import { openOutput, writeNew } from "../../src/io/output.js";
import { failure } from "../support.js";
import { folder } from "./folder.js";

vi.mock("../../src/crypto/random.js", { spy: true });

const NEW = Buffer.from("the new content");

afterEach(() => vi.restoreAllMocks());

/** As an operation writes it. */
const put = (sink: Sink, bytes: Uint8Array = NEW) => committing(sink, () => sink.write(bytes, 0));
const reason = new Error("it failed");
const fail = (sink: Sink) =>
  expect(
    committing(sink, async () => {
      await sink.write(NEW, 0);
      throw reason;
    }),
  ).rejects.toBe(reason);
const modeOf = (path: string) => fs.lstatSync(path).mode & 0o7777;

describe("a new file", () => {
  test("has its name only when it is committed; before, a temporary one, which nobody else may read", async () => {
    const box = folder();
    const sink = await openOutput(box.at("out"));
    const names = box.names();
    expect(names).toEqual([expect.stringMatching(/^\.seal-[0-9a-f]{16}\.tmp$/)]);
    await sink.write(NEW, 0);
    expect(box.names()).toEqual(names);
    expect(modeOf(box.at(names[0]!))).toBe(0o600);
    await sink.commit();
    expect(box.names()).toEqual(["out"]);
    expect(fs.readFileSync(box.at("out"))).toEqual(NEW);
  });

  test.each<[number, 0o600 | undefined, number]>([
    [0o000, undefined, 0o666],
    [0o022, undefined, 0o644],
    [0o077, undefined, 0o600],
    [0o027, undefined, 0o640],
    [0o022, 0o600, 0o600],
    [0o777, undefined, 0o000],
  ])("umask %o, mode %o: it has mode %o", async (umask, mode, expected) => {
    const box = folder();
    const before = process.umask(umask);
    try {
      const sink = await openOutput(box.at("out"), { mode });
      await put(sink);
      expect(modeOf(box.at("out"))).toBe(expected);
    } finally {
      process.umask(before);
    }
  });

  test("is written by position, in any order, with gaps as zeros, also through the descriptor", async () => {
    const box = folder();
    const sink = await openOutput(box.at("out"));
    await sink.write(Buffer.from("xyz"), 7);
    await sink.write(Buffer.from("abc"), 0);
    fs.writeSync(sink.fd!, Buffer.from("!"), 0, 1, 3);
    await sink.commit();
    expect(fs.readFileSync(box.at("out"), "latin1")).toBe("abc!\0\0\0xyz");
  });

  test("has a temporary name of its own each time", async () => {
    const box = folder();
    const sinks = await Promise.all([1, 2, 3].map((i) => openOutput(box.at(`out${i}`))));
    expect(new Set(box.names()).size).toBe(3);
    for (const sink of sinks) await sink.abort();
  });

  test.each(["a file", "a link to a file"])("takes no temporary name that exists, as %s", async (kind) => {
    const box = folder();
    vi.mocked(randomName).mockReturnValueOnce("0000000000000000");
    const name = ".seal-0000000000000000.tmp";
    fs.writeFileSync(box.at("victim"), "precious");
    if (kind === "a file") fs.renameSync(box.at("victim"), box.at(name));
    else fs.symlinkSync("victim", box.at(name));
    expect((await failure(openOutput(box.at("out")))).code).toBe("io");
    expect(fs.readFileSync(box.at(name), "utf8")).toBe("precious");
  });

  test("of a failed operation is not there, nor anything of it", async () => {
    const box = folder();
    await fail(await openOutput(box.at("out")));
    expect(box.names()).toEqual([]);
  });

  test("stays, once it is committed, and its temporary name belongs to others", async () => {
    const box = folder();
    const sink = await openOutput(box.at("out"));
    const [temporary] = box.names();
    await put(sink);
    fs.writeFileSync(box.at(temporary!), "somebody else's");
    await sink.abort();
    expect(box.names()).toEqual([temporary, "out"]);
  });

  test("may be aborted more than once", async () => {
    const box = folder();
    const sink = await openOutput(box.at("out"));
    await sink.abort();
    await sink.abort();
    expect(box.names()).toEqual([]);
  });

  test("leaves no descriptor and no listener behind", { skip: process.platform !== "linux" }, async () => {
    const box = folder();
    const state = () => [fs.readdirSync("/proc/self/fd").length, process.listenerCount("exit")];
    const before = state();
    for (let i = 0; i < 5; i++) {
      await put(await openOutput(box.at(`out${i}`)));
      await fail(await openOutput(box.at("none")));
      await failure(openOutput(box.at("out0")));
    }
    expect(state()).toEqual(before);
  });
});

describe("a name that is taken", () => {
  test.each(["file", "link", "dangling"])("by a %s: a usage error at once, and it stays what it was", async (name) => {
    const box = folder();
    fs.writeFileSync(box.at("file"), "the old content");
    fs.symlinkSync("file", box.at("link"));
    fs.symlinkSync("nowhere", box.at("dangling"));
    const names = box.names();
    const before = fs.lstatSync(box.at(name), { bigint: true });
    const error = await failure(openOutput(box.at(name)));
    expect(error).toMatchObject({ code: "usage" });
    expect(error.message).toContain(box.at(name));
    expect(error.reason).toBe("exists");
    const after = fs.lstatSync(box.at(name), { bigint: true });
    expect([after.ino, after.mtimeNs, after.size]).toEqual([before.ino, before.mtimeNs, before.size]);
    expect(box.names()).toEqual(names);
  });

  test.each(["a file", "a link", "a directory"])("only meanwhile, by %s: the same", async (kind) => {
    const box = folder();
    const sink = await openOutput(box.at("out"));
    const work = committing(sink, async () => {
      await sink.write(NEW, 0);
      if (kind === "a file") fs.writeFileSync(box.at("out"), "somebody else's");
      else if (kind === "a link") fs.symlinkSync("nowhere", box.at("out"));
      else fs.mkdirSync(box.at("out"));
    });
    expect((await failure(work)).code).toBe("usage");
    expect(box.names()).toEqual(["out"]);
    if (kind === "a file") expect(fs.readFileSync(box.at("out"), "utf8")).toBe("somebody else's");
    if (kind === "a link") expect(fs.readlinkSync(box.at("out"))).toBe("nowhere");
  });

  test("by a directory: a usage error, by force too", async () => {
    const box = folder();
    for (const force of [false, true]) {
      expect(await failure(openOutput(box.path, { force }))).toMatchObject({ code: "usage" });
    }
    expect(box.names()).toEqual([]);
  });

  test.each(["in", "hard", "soft"])("by the input, as %s: a usage error, by force too", async (name) => {
    const box = folder();
    fs.writeFileSync(box.at("in"), "the input");
    fs.linkSync(box.at("in"), box.at("hard"));
    fs.symlinkSync("in", box.at("soft"));
    const source = await openSource(box.at("in"));
    for (const force of [false, true]) {
      const error = await failure(openOutput(box.at(name), { force, input: source.id }));
      expect(error).toMatchObject({ code: "usage" });
    }
    await source.close();
    expect(box.names()).toEqual(["hard", "in", "soft"]);
    expect(fs.readFileSync(box.at("in"), "utf8")).toBe("the input");
  });
});

describe("force", () => {
  test("replaces in one step: until then the old one is whole, and who has it open keeps it", async () => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "the old content", { mode: 0o640 });
    const reader = fs.openSync(box.at("out"), "r");
    const sink = await openOutput(box.at("out"), { force: true });
    await sink.write(NEW, 0);
    expect(fs.readFileSync(box.at("out"), "utf8")).toBe("the old content");
    await sink.commit();
    expect(fs.readFileSync(box.at("out"))).toEqual(NEW);
    expect(fs.readFileSync(reader, "utf8")).toBe("the old content");
    fs.closeSync(reader);
    expect(box.names()).toEqual(["out"]);
  });

  test("leaves the old one where the operation fails", async () => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "the old content");
    await fail(await openOutput(box.at("out"), { force: true }));
    expect(fs.readFileSync(box.at("out"), "utf8")).toBe("the old content");
    expect(box.names()).toEqual(["out"]);
  });

  test.each(["there", "nowhere"])("replaces a link itself, not what it points at: %s", async (target) => {
    const box = folder();
    fs.writeFileSync(box.at("there"), "the target");
    fs.symlinkSync(target, box.at("out"));
    await put(await openOutput(box.at("out"), { force: true }));
    expect(fs.lstatSync(box.at("out")).isFile()).toBe(true);
    expect(fs.readFileSync(box.at("out"))).toEqual(NEW);
    expect(fs.readFileSync(box.at("there"), "utf8")).toBe("the target");
    expect(box.names()).toEqual(["out", "there"]);
  });
});

describe("a directory", () => {
  test("that is not there: an io error", async () => {
    const box = folder();
    const error = await failure(openOutput(box.at("missing/out")));
    expect(error.code).toBe("io");
    expect(error.message).toMatch(/missing.*no such file/);
  });

  test("that is a file: an io error", async () => {
    const box = folder();
    fs.writeFileSync(box.at("file"), "");
    expect((await failure(openOutput(box.at("file/out")))).code).toBe("io");
  });

  test.each([true, false])("that is removed meanwhile: an io error, force: %s", async (force) => {
    const box = folder();
    fs.mkdirSync(box.at("sub"));
    const sink = await openOutput(box.at("sub/out"), { force });
    const work = committing(sink, async () => {
      await sink.write(NEW, 0);
      fs.rmSync(box.at("sub"), { recursive: true });
    });
    expect(await failure(work)).toMatchObject({ code: "io" });
    expect(box.names()).toEqual([]);
  });
});

describe("what is no regular file", () => {
  test("a device is written as a stream, and stays a device", async () => {
    const before = fs.readdirSync("/dev").length;
    const sink = await openOutput("/dev/null");
    expect(sink.fd).toBeNull();
    await put(sink);
    expect(fs.statSync("/dev/null").isCharacterDevice()).toBe(true);
    await fail(await openOutput("/dev/null", { force: true }));
    expect(fs.statSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(fs.readdirSync("/dev").length).toBe(before);
  });

  test("a full one is an io error", { skip: process.platform !== "linux" }, async () => {
    const error = await failure(put(await openOutput("/dev/full")));
    expect(error).toMatchObject({ code: "io" });
    expect(error.message).toMatch(/\/dev\/full.*no space left/);
  });

  test("a FIFO is written to its reader", async () => {
    const box = folder();
    execFileSync("mkfifo", [box.at("pipe")]);
    const reader = spawn("cat", [box.at("pipe")]);
    const parts: Buffer[] = [];
    reader.stdout.on("data", (bytes: Buffer) => parts.push(bytes));
    const done = new Promise((resolve) => reader.on("close", resolve));
    const bytes = Buffer.alloc(300_000, "0123456789");
    await put(await openOutput(box.at("pipe")), bytes);
    await done;
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(box.names()).toEqual(["pipe"]);
  });

  test("a FIFO whose reader goes is an io error", async () => {
    const box = folder();
    execFileSync("mkfifo", [box.at("pipe")]);
    const reader = spawn("head", ["-c", "1", box.at("pipe")]);
    const work = put(await openOutput(box.at("pipe")), Buffer.alloc(4_000_000));
    expect((await failure(work)).code).toBe("io");
    reader.kill();
  });
});

describe("writeNew", () => {
  test("writes a file of its mode, whatever the umask allows beyond it, and can take it back", async () => {
    const box = folder();
    const remove = await writeNew(box.at("secret"), utf8("text\n"), 0o600);
    expect(fs.readFileSync(box.at("secret"), "utf8")).toBe("text\n");
    expect(modeOf(box.at("secret"))).toBe(0o600);
    await remove();
    expect(box.names()).toEqual([]);
  });

  test("never replaces", async () => {
    const box = folder();
    fs.writeFileSync(box.at("secret"), "older");
    expect((await failure(writeNew(box.at("secret"), utf8("text\n"), 0o600))).code).toBe("usage");
    expect(fs.readFileSync(box.at("secret"), "utf8")).toBe("older");
    expect(box.names()).toEqual(["secret"]);
  });
});

test("a relative name means the directory that was current when it was opened", async () => {
  const box = folder();
  fs.mkdirSync(box.at("one"));
  fs.mkdirSync(box.at("two"));
  const before = process.cwd();
  try {
    for (const end of [put, fail]) {
      process.chdir(box.at("one"));
      const sink = await openOutput("out", { force: true });
      process.chdir(box.at("two"));
      await end(sink);
    }
  } finally {
    process.chdir(before);
  }
  expect(fs.readdirSync(box.at("one"))).toEqual(["out"]);
  expect(fs.readdirSync(box.at("two"))).toEqual([]);
});
