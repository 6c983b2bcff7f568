// Files as input: by position or as a stream, and not if they change meanwhile.

import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equal } from "../../src/bytes.js";
import { openTo } from "../../src/files/open.js";
import { sealTo } from "../../src/files/seal.js";
import { openSource } from "../../src/io/files.js";
import { openOutput } from "../../src/io/output.js";
import { CHUNK, content, OPEN, SEAL, scrambled, sealed } from "../files/samples.js";
import { failure, memorySink } from "../support.js";
import { folder } from "./folder.js";

async function all(source: { read(length: number): Promise<Uint8Array> }, length = 1000): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const piece = await source.read(length);
    parts.push(piece.slice());
    if (piece.length < length) return Buffer.concat(parts);
  }
}

describe("a regular file", () => {
  test("gives its bytes in order and by position, and its size", async () => {
    const box = folder();
    const bytes = content(10_000);
    fs.writeFileSync(box.at("in"), bytes);
    const source = await openSource(box.at("in"), "the name");
    expect(source).toMatchObject({ name: "the name", size: 10_000 });
    const reads = fc.array(fc.tuple(fc.nat(11_000), fc.nat(11_000)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(reads, async (places) => {
        for (const [position, length] of places) {
          const found = await source.readAt(position, length);
          expect(equal(found, bytes.subarray(position, position + length))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
    expect((await all(source, 777)).equals(bytes), "what was read by position does not matter to the order").toBe(true);
    expect((await source.read(10)).length).toBe(0);
    await source.checkUnchanged();
    await source.close();
    expect(() => fs.fstatSync(source.fd!)).toThrow("EBADF");
  });

  test("that was written to, and given its old time again, has changed", async () => {
    const box = folder();
    fs.writeFileSync(box.at("in"), content(10_000));
    const { atime, mtime } = fs.statSync(box.at("in"));
    fs.utimesSync(box.at("in"), atime, mtime);
    const source = await openSource(box.at("in"));
    fs.writeFileSync(box.at("in"), new Uint8Array(10_000), { flag: "r+" });
    fs.utimesSync(box.at("in"), atime, mtime);
    expect((await failure(source.checkUnchanged())).message).toMatch(/changed while it was being read/);
    await source.close();
  });

  test("of no bytes has none", async () => {
    const box = folder();
    fs.writeFileSync(box.at("in"), "");
    const source = await openSource(box.at("in"));
    expect((await source.read(10)).length).toBe(0);
    await source.close();
  });

  test("and another name of it are the same by their ids", async () => {
    const box = folder();
    fs.writeFileSync(box.at("in"), "a");
    fs.writeFileSync(box.at("other"), "a");
    fs.linkSync(box.at("in"), box.at("hard"));
    fs.symlinkSync("in", box.at("soft"));
    const ids = [];
    for (const name of ["in", "hard", "soft", "other"]) {
      const source = await openSource(box.at(name));
      ids.push(`${source.id.dev} ${source.id.ino}`);
      await source.close();
    }
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).toBe(ids[0]);
    expect(ids[3]).not.toBe(ids[0]);
  });
});

describe("a file that changes while it is sealed", () => {
  const grow = (path: string) => fs.appendFileSync(path, "x");
  const CHANGES: [what: string, change: (path: string) => void][] = [
    ["grows", grow],
    ["grows by a chunk", (path) => fs.appendFileSync(path, new Uint8Array(CHUNK))],
    ["shrinks", (path) => fs.truncateSync(path, 5 * CHUNK - 1)],
    ["shrinks to nothing", (path) => fs.truncateSync(path, 0)],
    ["is rewritten, in its old length", (path) => fs.writeFileSync(path, new Uint8Array(5 * CHUNK))],
    ["is rewritten in one place", (path) => rewriteAt(path, 3)],
  ];
  function rewriteAt(path: string, position: number): void {
    const fd = fs.openSync(path, "r+");
    fs.writeSync(fd, "x", position);
    fs.closeSync(fd);
  }

  describe.each([1, 3])("with %i chunks at a time", (width) => {
    test.each(CHANGES)("%s: an io error, and no output", async (_what, change) => {
      for (const after of [1, 5]) {
        const box = folder();
        fs.writeFileSync(box.at("in"), content(5 * CHUNK));
        // The clock of the file system may be too coarse to tell now from now.
        fs.utimesSync(box.at("in"), 1_000_000_000, 1_000_000_000);
        const source = await openSource(box.at("in"));
        const sink = await openOutput(box.at("out"));
        let chunks = 0;
        const progress = () => {
          chunks += 1;
          if (chunks === after) change(box.at("in"));
        };
        const error = await failure(sealTo(source, sink, { ...SEAL, engine: scrambled(width), progress }));
        await source.close();
        expect(error.code).toBe("io");
        expect(box.names()).toEqual(["in"]);
      }
    });
  });

  test("to a stream: it is not completed", async () => {
    const box = folder();
    fs.writeFileSync(box.at("in"), content(5 * CHUNK));
    fs.utimesSync(box.at("in"), 1_000_000_000, 1_000_000_000);
    const source = await openSource(box.at("in"));
    const sink = memorySink();
    let changed = false;
    const progress = () => {
      if (!changed) fs.writeFileSync(box.at("in"), new Uint8Array(5 * CHUNK));
      changed = true;
    };
    expect((await failure(sealTo(source, sink, { ...SEAL, progress }))).code).toBe("io");
    expect(sink.state).toBe("aborted");
    await source.close();
  });

  test("is replaced under its name: what was opened is sealed", async () => {
    const box = folder();
    const plaintext = content(2 * CHUNK);
    fs.writeFileSync(box.at("in"), plaintext);
    const source = await openSource(box.at("in"));
    fs.writeFileSync(box.at("new"), "something else");
    fs.renameSync(box.at("new"), box.at("in"));
    const { file } = await sealed(source);
    await source.close();
    const sink = memorySink();
    const input = await openSource(await write(box.at("sealed"), file));
    await openTo(input, sink, OPEN);
    await input.close();
    expect(sink.released().equals(plaintext)).toBe(true);
  });

  test("a sealed file that shrinks while it is opened ends early, and nothing of it stays", async () => {
    const box = folder();
    const { file } = await sealed(content(5 * CHUNK));
    const source = await openSource(await write(box.at("in"), file));
    const sink = await openOutput(box.at("out"));
    const progress = () => fs.truncateSync(box.at("in"), 3 * CHUNK);
    const error = await failure(openTo(source, sink, { ...OPEN, progress }));
    await source.close();
    expect(error.code).toBe("tampered");
    expect(box.names()).toEqual(["in"]);
  });
});

async function write(path: string, bytes: Uint8Array): Promise<string> {
  fs.writeFileSync(path, bytes);
  return path;
}

describe("what is no regular file", () => {
  test("a file of /proc has bytes, though its size is 0", { skip: process.platform !== "linux" }, async () => {
    expect(fs.statSync("/proc/version").size).toBe(0);
    const source = await openSource("/proc/version");
    expect(source.size).toBeNull();
    expect((await all(source)).equals(fs.readFileSync("/proc/version"))).toBe(true);
    await source.close();
  });

  test("a device", async () => {
    const zeros = await openSource("/dev/zero");
    expect(equal(await zeros.read(300_000), new Uint8Array(300_000))).toBe(true);
    await zeros.close();
    const nothing = await openSource("/dev/null");
    expect((await nothing.read(10)).length).toBe(0);
    await nothing.close();
  });

  test.each([
    ["at once", 'cat "$1" > "$2"'],
    ["in two parts", '(head -c 5000 "$1"; sleep 0.03; tail -c +5001 "$1") > "$2"'],
  ])(
    "a FIFO, to its end, whatever the lengths that are read; written %s",
    { timeout: 10_000 },
    async (_how, script) => {
      const box = folder();
      const bytes = content(300_000);
      fs.writeFileSync(box.at("bytes"), bytes);
      for (const lengths of [[4096], [8, 1, 1, 32, 70_000], [65_536], [100_000, 1], [1_000_000]]) {
        fs.rmSync(box.at("pipe"), { force: true });
        execFileSync("mkfifo", [box.at("pipe")]);
        const writer = spawn("sh", ["-c", script, "sh", box.at("bytes"), box.at("pipe")]);
        const source = await openSource(box.at("pipe"));
        expect(source).toMatchObject({ size: null, fd: null });
        const parts: Uint8Array[] = [];
        for (let i = 0; ; i++) {
          const into = new Uint8Array(lengths[i % lengths.length]!);
          const part = i % 2 === 0 ? into.subarray(0, await source.fill(into)) : await source.read(into.length);
          parts.push(part);
          if (part.length < into.length) break;
        }
        expect(Buffer.concat(parts).equals(bytes), `read in ${lengths}`).toBe(true);
        await source.close();
        writer.kill();
      }
    },
  );

  test("a FIFO whose writer comes and goes without a byte is empty", async () => {
    const box = folder();
    execFileSync("mkfifo", [box.at("pipe")]);
    const writer = spawn("sh", ["-c", ': > "$1"', "sh", box.at("pipe")]);
    const source = await openSource(box.at("pipe"), "the pipe");
    expect((await source.read(10)).length).toBe(0);
    await source.close();
    writer.kill();
  });

  test("a FIFO that stalls is closed nevertheless", async () => {
    const box = folder();
    execFileSync("mkfifo", [box.at("pipe")]);
    const writer = fs.promises.open(box.at("pipe"), "w");
    const source = await openSource(box.at("pipe"));
    const handle = await writer;
    await handle.write("abc");
    const pending = source.read(10);
    await source.close();
    expect((await pending.catch((error) => error)).code ?? "short").toMatch(/^(io|short)$/);
    await handle.close();
  });
});

describe("what cannot be opened", () => {
  test("a directory is a usage error with a reason", async () => {
    const box = folder();
    const error = await failure(openSource(box.path, "my things"));
    const told = { reason: "directory", input: "my things", message: "my things is a directory" };
    expect(error).toMatchObject({ code: "usage", ...told });
  });

  test.each([
    ["missing", /no such file/],
    ["dangling", /no such file/],
    ["file/below", /not a directory/],
    ["loop", /symbolic links/],
    ["n".repeat(300), /too long/],
  ])("%s: an io error that names it, and why", async (name, reason) => {
    const box = folder();
    fs.writeFileSync(box.at("file"), "a");
    fs.symlinkSync("missing", box.at("dangling"));
    fs.symlinkSync("loop", box.at("loop"));
    const error = await failure(openSource(box.at(name)));
    expect(error.code).toBe("io");
    expect(error.message).toContain(box.at(name));
    expect(error.message).toMatch(reason);
  });

  test("leaves no descriptor behind", { skip: process.platform !== "linux" }, async () => {
    const box = folder();
    const before = fs.readdirSync("/proc/self/fd").length;
    for (let i = 0; i < 10; i++) await failure(openSource(box.path));
    expect(fs.readdirSync("/proc/self/fd").length).toBe(before);
  });
});
