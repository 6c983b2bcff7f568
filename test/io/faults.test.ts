// What the system does on bad days, played by a node:fs that does as it is told: short reads and writes, errors, file
// systems without hard links.

import * as fs from "node:fs";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openTo } from "../../src/files/open.js";
import { resume } from "../../src/files/resume.js";
import { sealTo } from "../../src/files/seal.js";
import { committing } from "../../src/flow/io.js";
import { openSource } from "../../src/io/files.js";
import { openOutput } from "../../src/io/output.js";
import { resumableOutput } from "../../src/io/partial.js";
import { CHUNK, content, OPEN, SEAL } from "../files/samples.js";
import { failure } from "../support.js";
import { folder } from "./folder.js";

/** What the calls of that name do instead; undefined leaves them alone. */
const play = vi.hoisted(() => ({
  short: 0,
  fail: {} as Record<string, { code: string; from: number } | undefined>,
  calls: {} as Record<string, number>,
}));

/** Counts a call, and throws where it is its turn to fail. */
const act = vi.hoisted(() => (name: string) => {
  play.calls[name] = (play.calls[name] ?? 0) + 1;
  const fault = play.fail[name];
  if (fault && play.calls[name] > fault.from) throw Object.assign(new Error(fault.code), { code: fault.code });
});

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const { promisify } = await import("node:util");
  const less = (length: number) => (play.short > 0 ? Math.min(length, play.short) : length);
  const asynchronous = (name: "read" | "write") => {
    const call = promisify(real[name]) as (...args: unknown[]) => Promise<unknown>;
    const played = async (fd: number, bytes: Uint8Array, offset: number, length: number, position: number | null) => {
      act(name);
      return call(fd, bytes, offset, less(length), position);
    };
    return Object.assign((real[name] as unknown as () => void).bind(real), {
      [promisify.custom]: played,
    });
  };
  const fsync = promisify(real.fsync);
  const played = {
    read: asynchronous("read"),
    write: asynchronous("write"),
    readSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      act("readSync");
      return real.readSync(fd, bytes, offset, less(length), position);
    },
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      act("writeSync");
      return real.writeSync(fd, bytes, offset, less(length), position);
    },
    linkSync: (from: string, to: string) => {
      act("link");
      real.linkSync(from, to);
    },
    fsync: Object.assign(real.fsync.bind(real), {
      [promisify.custom]: async (fd: number) => {
        act(real.fstatSync(fd).isDirectory() ? "fsync directory" : "fsync");
        return fsync(fd);
      },
    }),
  };
  return { ...real, ...played, default: { ...real, ...played } };
});

afterEach(() => {
  play.short = 0;
  play.fail = {};
  play.calls = {};
});

async function sealFile(box: ReturnType<typeof folder>, size = 3 * CHUNK + 7): Promise<void> {
  fs.writeFileSync(box.at("in"), content(size));
  const source = await openSource(box.at("in"));
  try {
    await sealTo(source, await openOutput(box.at("sealed")), SEAL);
  } finally {
    await source.close();
  }
}

async function openFile(box: ReturnType<typeof folder>, range?: { first: number; last: number }): Promise<Buffer> {
  const source = await openSource(box.at("sealed"));
  try {
    await openTo(source, await openOutput(box.at("opened"), { force: true }), { ...OPEN, range });
  } finally {
    await source.close();
  }
  return fs.readFileSync(box.at("opened"));
}

test("the play is seen by the code under test", async () => {
  await sealFile(folder());
  expect(Object.keys(play.calls).sort()).toEqual(
    expect.arrayContaining(["fsync", "fsync directory", "link", "readSync", "writeSync"]),
  );
  expect(promisify(fs.read)).toBeTypeOf("function");
});

test("a flush that failed leaves nothing to resume, as the system may take for written what is not on the disk", async () => {
  const box = folder();
  await sealFile(box);
  const resumed = async () => {
    const source = await openSource(box.at("sealed"));
    try {
      await resume(source, await resumableOutput(box.at("opened"), {}), OPEN);
    } finally {
      await source.close();
    }
  };
  const left = () => box.names().filter((name) => name.includes("opened"));
  play.fail = { "fsync directory": { code: "EIO", from: play.calls["fsync directory"] ?? 0 } };
  expect((await failure(resumed())).code).toBe("io");
  expect(left()).not.toEqual([]);
  play.fail = { fsync: { code: "EIO", from: play.calls.fsync ?? 0 } };
  expect((await failure(resumed())).code).toBe("io");
  expect(left()).toEqual([]);
  play.fail = {};
  await resumed();
  expect(fs.readFileSync(box.at("opened")).equals(content(3 * CHUNK + 7))).toBe(true);
});

test.each([1, 7, 1000])("reads and writes of %i bytes at most change nothing", async (short) => {
  const box = folder();
  const size = short === 1 ? CHUNK + 7 : 3 * CHUNK + 7;
  play.short = short;
  await sealFile(box, size);
  expect((await openFile(box)).equals(content(size))).toBe(true);
  expect((await openFile(box, { first: 5, last: CHUNK + 3 })).equals(content(size).subarray(5, CHUNK + 4))).toBe(true);
  play.short = 0;
  expect((await openFile(box)).equals(content(size))).toBe(true);
});

describe("an error of the system's, at any of its calls, is an io error and leaves nothing:", () => {
  test.each([
    ["readSync", "EIO", /input\/output error/],
    ["writeSync", "ENOSPC", /no space left/],
    ["fsync", "EIO", /input\/output error/],
  ])("%s: %s", async (name, code, reason) => {
    for (let from = 0; ; from++) {
      const box = folder();
      play.calls = {};
      play.fail = { [name]: { code, from } };
      const ended = await sealFile(box).catch((error) => error);
      if (ended === undefined) {
        expect(from).toBeGreaterThan(0);
        expect(box.names()).toEqual(["in", "sealed"]);
        return;
      }
      expect(ended, `call ${from}`).toMatchObject({ code: "io", message: expect.stringMatching(reason) });
      expect(box.names(), `call ${from}`).toEqual(["in"]);
    }
  });

  test("read, in the header and in a range", async () => {
    const box = folder();
    await sealFile(box);
    for (const range of [undefined, { first: 0, last: 2 * CHUNK }]) {
      for (let from = 0; ; from++) {
        play.calls = {};
        play.fail = { read: { code: "EIO", from } };
        const ended = await openFile(box, range).catch((error) => error);
        if (Buffer.isBuffer(ended)) {
          expect(from).toBeGreaterThan(range ? 3 : 0);
          break;
        }
        expect(ended).toMatchObject({
          code: "io",
          message: expect.stringMatching(/cannot read .*input\/output error/),
        });
        expect(box.names().filter((name) => name.endsWith(".tmp"))).toEqual([]);
      }
      fs.rmSync(box.at("opened"), { force: true });
    }
  });
});

describe("a file system without hard links", () => {
  test.each(["EPERM", "EACCES", "EXDEV", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])(
    "(%s) is no obstacle",
    async (code) => {
      const box = folder();
      play.fail = { link: { code, from: 0 } };
      await sealFile(box);
      expect(box.names()).toEqual(["in", "sealed"]);
    },
  );

  test.each(["a file", "a dangling link"])(
    "a name that comes to exist meanwhile stays what it is: %s",
    async (kind) => {
      const box = folder();
      play.fail = { link: { code: "EPERM", from: 0 } };
      const sink = await openOutput(box.at("out"));
      const work = committing(sink, async () => {
        await sink.write(content(9), 0);
        if (kind === "a file") fs.writeFileSync(box.at("out"), "somebody else's");
        else fs.symlinkSync("nowhere", box.at("out"));
      });
      expect((await failure(work)).code).toBe("usage");
      expect(box.names()).toEqual(["out"]);
      if (kind === "a file") expect(fs.readFileSync(box.at("out"), "utf8")).toBe("somebody else's");
      else expect(fs.readlinkSync(box.at("out"))).toBe("nowhere");
    },
  );
});

test.each(["EINVAL", "ENOTSUP", "EACCES", "EISDIR"])(
  "a directory that cannot be synced (%s) does not matter",
  async (code) => {
    const box = folder();
    play.fail = { "fsync directory": { code, from: 0 } };
    await sealFile(box);
    expect(box.names()).toEqual(["in", "sealed"]);
  },
);

test("a directory whose sync fails is an io error", async () => {
  const box = folder();
  play.fail = { "fsync directory": { code: "EIO", from: 0 } };
  expect((await failure(sealFile(box))).code).toBe("io");
});
