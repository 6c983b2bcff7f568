// Who may do what with an output, as the system's own tools see it: touch, stat, getfacl.

import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { committing } from "../../src/flow/io.js";
import { type OutputOptions, openOutput, remembering, writeNew } from "../../src/io/output.js";
import { failure } from "../support.js";
import { folder } from "./folder.js";

const hasAcls = triesAcls();
if (!hasAcls) console.warn("setfacl and getfacl are not here, or have no effect: what is about ACLs is skipped");
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("not root: what is about other owners is skipped");

function triesAcls(): boolean {
  if (spawnSync("getfacl", ["--version"]).status !== 0) return false;
  return spawnSync("sh", ["-c", "f=$(mktemp) && setfacl -m u:1:r $f; s=$?; rm $f; exit $s"]).status === 0;
}

type Box = ReturnType<typeof folder>;

async function put(path: string, options: OutputOptions = {}): Promise<string[]> {
  const notes: string[] = [];
  const sink = await openOutput(path, { note: (text) => notes.push(text), ...options });
  await committing(sink, () => sink.write(Buffer.from("the new content"), 0));
  return notes;
}

const acl = (path: string) => execFileSync("getfacl", ["-ncp", path], { encoding: "utf8" });
const setAcl = (...args: string[]) => execFileSync("setfacl", args);
const modeOf = (path: string) => fs.statSync(path).mode & 0o7777;

/** What an output and a file that touch makes have there, with that umask. */
async function besideTouched(box: Box, umask: number): Promise<[string, string]> {
  const before = process.umask(umask);
  try {
    await put(box.at("d/out"));
    execFileSync("touch", [box.at("d/touched")]);
  } finally {
    process.umask(before);
  }
  return [acl(box.at("d/out")), acl(box.at("d/touched"))];
}

describe.skipIf(!hasAcls)("in a directory with a default ACL", () => {
  test.each([
    ["g::---,o::---", 0o022],
    ["u:1:rw,g::---,o::---", 0o077],
    ["u:1:r,g::---,m::r,o::r", 0o022],
    ["u:1:rwx,g:2:rx,g::rwx,m::rwx,o::rx", 0o077],
    ["u::r,g::r,o::-", 0o000],
  ])("%s, umask %o: a new output has what touch gives", async (entries, umask) => {
    const box = folder();
    fs.mkdirSync(box.at("d"));
    setAcl("-d", "-m", entries, box.at("d"));
    const [ours, theirs] = await besideTouched(box, umask);
    expect(ours).toBe(theirs);
    expect(fs.readdirSync(box.at("d")).sort()).toEqual(["out", "touched"]);
  });

  test("of many outputs, each has what touch gives in its directory, also where that changes on the way", async () => {
    const box = folder();
    const give = (directory: string, entries: string) => setAcl("-d", "-m", entries, box.at(directory));
    for (const name of ["d", "e"]) fs.mkdirSync(box.at(name));
    give("d", "g::r,o::---");
    give("e", "u:1:rw,g::rw,o::r");
    const { newMode } = remembering();
    const besideTouched = async (directory: string, name: string) => {
      const [out, touched] = [box.at(`${directory}/${name}`), box.at(`${directory}/${name}-touched`)];
      await put(out, { newMode });
      execFileSync("touch", [touched]);
      expect(acl(out)).toBe(acl(touched));
      return modeOf(out);
    };
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const name of ["1", "2"]) {
        expect([await besideTouched("d", name), await besideTouched("e", name)]).toEqual([0o640, 0o664]);
      }
      give("e", "g::---,o::---");
      vi.setSystemTime(Date.now() + 1000);
      expect(await besideTouched("e", "3")).toBe(0o660);
      give("e", "g::r,o::r");
      // A clock that is put back.
      vi.setSystemTime(Date.now() - 100_000);
      expect(await besideTouched("e", "4")).toBe(0o664);
    } finally {
      vi.useRealTimers();
    }
  });

  test("an output is its owner's alone until it is whole", async () => {
    const box = folder();
    setAcl("-d", "-m", "u:1:rw,g::rw,o::r", box.path);
    const sink = await openOutput(box.at("out"));
    const [name] = box.names();
    expect(acl(box.at(name!))).toMatch(/^mask::---$/m);
    expect(acl(box.at(name!))).toMatch(/^other::---$/m);
    await sink.abort();
    expect(box.names()).toEqual([]);
  });

  test("a secret key is its owner's alone", async () => {
    const box = folder();
    setAcl("-d", "-m", "u:1:rw,g::rw,o::r", box.path);
    await writeNew(box.at("secret"), utf8("text\n"), 0o600);
    expect(modeOf(box.at("secret"))).toBe(0o600);
    expect(acl(box.at("secret"))).toMatch(/^mask::---$/m);
  });

  test("one that replaces a file without an ACL has none", async () => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    fs.chmodSync(box.at("out"), 0o640);
    const before = acl(box.at("out"));
    setAcl("-d", "-m", "u:1:rw,g::rw,o::r", box.path);
    expect(await put(box.at("out"), { force: true })).toEqual([]);
    expect(acl(box.at("out"))).toBe(before);
  });
});

describe.each(["force", "inPlace"])("what replaces a file, by %s,", (how) => {
  const replace = (path: string) => {
    const there = fs.statSync(path, { bigint: true });
    return put(path, how === "force" ? { force: true } : { inPlace: true, input: there });
  };

  test.each([0o600, 0o640, 0o400, 0o664, 0o755, 0o604, 0o000])("has its mode %o", async (mode) => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    fs.chmodSync(box.at("out"), mode);
    expect(await replace(box.at("out"))).toEqual([]);
    expect(modeOf(box.at("out"))).toBe(mode);
    expect(fs.readFileSync(box.at("out"), "utf8")).toBe("the new content");
  });

  test.each([0o4755, 0o2755, 0o1644])(
    "has its mode %o without the bits that would run it as somebody else",
    async (mode) => {
      const box = folder();
      fs.writeFileSync(box.at("out"), "old");
      fs.chmodSync(box.at("out"), mode);
      await replace(box.at("out"));
      expect(modeOf(box.at("out"))).toBe(mode & 0o777);
    },
  );

  test.skipIf(!hasAcls).each(["u:1:r", "u:1:---,o::r", "g:2:rw,g::---"])("has its ACL: %s", async (entries) => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    setAcl("-m", entries, box.at("out"));
    const before = acl(box.at("out"));
    expect(before).toMatch(/^mask::/m);
    expect(await replace(box.at("out"))).toEqual([]);
    expect(acl(box.at("out"))).toBe(before);
  });

  test.skipIf(!hasAcls)("has its ACL where GNU's cp is the only tool", async () => {
    const box = folder();
    fs.mkdirSync(box.at("bin"));
    const cp = execFileSync("sh", ["-c", "command -v cp"], { encoding: "utf8" }).trim();
    fs.symlinkSync(cp, box.at("bin/cp"));
    fs.writeFileSync(box.at("out"), "old");
    setAcl("-m", "u:1:r,g::---", box.at("out"));
    const before = acl(box.at("out"));
    expect(await inPath(box.at("bin"), () => replace(box.at("out")))).toEqual([]);
    expect(acl(box.at("out"))).toBe(before);
  });

  test.skipIf(process.platform !== "linux")(
    "is its owner's alone, and says so, where no tool can tell what ACL there was",
    async () => {
      const box = folder();
      fs.mkdirSync(box.at("bin"));
      // A cp that is not GNU's.
      fs.writeFileSync(box.at("bin/cp"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
      fs.writeFileSync(box.at("out"), "old");
      fs.chmodSync(box.at("out"), 0o754);
      const notes = await inPath(`${box.at("bin")}:.:`, () => replace(box.at("out")));
      expect(modeOf(box.at("out"))).toBe(0o700);
      expect(notes).toEqual([expect.stringMatching(/only its owner may read .*out now/)]);
    },
  );

  test.skipIf(!isRoot)("has its owner and group", async () => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    fs.chmodSync(box.at("out"), 0o640);
    fs.chownSync(box.at("out"), 1234, 2345);
    await replace(box.at("out"));
    const { uid, gid } = fs.statSync(box.at("out"));
    expect([uid, gid, modeOf(box.at("out"))]).toEqual([1234, 2345, 0o640]);
  });

  test.skipIf(!isRoot)("belongs to its maker while it is not whole", async () => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    fs.chownSync(box.at("out"), 1234, 2345);
    const sink = await openOutput(box.at("out"), { force: true });
    const { uid, mode } = fs.statSync(box.at(box.names().find((name) => name.endsWith(".tmp"))!));
    expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    await sink.abort();
  });
});

async function inPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  process.env.PATH = path;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

test("the other names of a file that is replaced keep the old content", async () => {
  const box = folder();
  fs.writeFileSync(box.at("out"), "old");
  fs.linkSync(box.at("out"), box.at("other"));
  await put(box.at("out"), { force: true });
  expect(fs.readFileSync(box.at("other"), "utf8")).toBe("old");
  expect(fs.statSync(box.at("out")).nlink).toBe(1);
});

test("what replaces a link is a new file, whatever that leads to", async () => {
  const box = folder();
  fs.writeFileSync(box.at("private"), "old", { mode: 0o600 });
  fs.symlinkSync("private", box.at("out"));
  await put(box.at("out"), { force: true });
  expect(modeOf(box.at("out"))).toBe(0o666 & ~process.umask());
  expect([fs.readFileSync(box.at("private"), "utf8"), modeOf(box.at("private"))]).toEqual(["old", 0o600]);
});

test.skipIf(!isRoot)("a new output in a directory that hands on its group is that group's", async () => {
  const box = folder();
  fs.chownSync(box.path, 0, 2345);
  fs.chmodSync(box.path, 0o2775);
  await put(box.at("out"));
  expect(fs.statSync(box.at("out")).gid).toBe(2345);
});

describe("a file that cannot be replaced is refused before anything is written:", () => {
  const refused = async (box: Box, path: string, reason: RegExp) => {
    const before = box.names();
    const error = await failure(openOutput(path, { force: true }));
    expect(error).toMatchObject({ code: "io", message: expect.stringMatching(reason) });
    expect(box.names()).toEqual(before);
  };

  const canBind = isRoot && process.platform === "linux" && triesToBind();
  test.skipIf(!canBind)("something is mounted on it", async () => {
    const box = folder();
    fs.writeFileSync(box.at("source"), "old");
    fs.writeFileSync(box.at("a b\\c"), "");
    execFileSync("mount", ["--bind", box.at("source"), box.at("a b\\c")]);
    try {
      await refused(box, box.at("a b\\c"), /mounted/);
    } finally {
      execFileSync("umount", [box.at("a b\\c")]);
    }
    await put(box.at("a b\\c"), { force: true });
    expect(fs.readFileSync(box.at("source"), "utf8")).toBe("old");
  });

  const canFix = isRoot && triesToFix();
  test.skipIf(!canFix).each(["i", "a"])("it has the attribute %s", async (attribute) => {
    const box = folder();
    fs.writeFileSync(box.at("out"), "old");
    execFileSync("chattr", [`+${attribute}`, box.at("out")]);
    try {
      await refused(box, box.at("out"), /immutable/);
    } finally {
      execFileSync("chattr", [`-${attribute}`, box.at("out")]);
    }
  });
});

function triesToBind(): boolean {
  const script = "d=$(mktemp -d) && touch $d/a $d/b && mount --bind $d/a $d/b && umount $d/b; s=$?; rm -r $d; exit $s";
  return spawnSync("sh", ["-c", script]).status === 0;
}

function triesToFix(): boolean {
  const script = "f=$(mktemp) && chattr +i $f && ! rm -f $f && chattr -i $f; s=$?; rm -f $f; exit $s";
  return spawnSync("sh", ["-c", script]).status === 0;
}
