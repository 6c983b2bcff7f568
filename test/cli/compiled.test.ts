// What V8 compiled is kept for the next start where nobody else can write, and nowhere else.

import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS, GROUPS } from "../../src/cli/commands/index.js";
import { kindOf, OTHERS } from "../../src/cli/compiled.js";
import { inSandbox, type Sandbox, sh, TREE } from "./sandbox.js";

const isRoot = process.geteuid?.() === 0;

/** Other tests keep nothing. */
const KEEPING = "unset NODE_DISABLE_COMPILE_CACHE; seal --version";

/** What is kept after a start. */
async function kept(box: Sandbox, env: Record<string, string> = {}, where = ".cache/seal"): Promise<string[]> {
  const ended = await sh(box, env.NODE_DISABLE_COMPILE_CACHE ? "seal --version" : KEEPING, env);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  return filesIn(box, where);
}

function filesIn(box: Sandbox, where = ".cache/seal"): string[] {
  const path = join(box.dir, where);
  return existsSync(path) ? readdirSync(path) : [];
}

/** Whether V8 takes what stands behind the digest for what it has compiled of the program. */
const TAKES = `
  const { readFileSync } = require("fs");
  const source = readFileSync(process.argv[2], "latin1");
  const text = "(function (exports, require, module, __filename, __dirname) { " + source + "\\n})";
  const cachedData = readFileSync(process.argv[3]).subarray(32);
  const script = new (require("vm").Script)(text, { filename: process.argv[2], cachedData });
  console.log(script.cachedDataRejected);`;

/** What is told apart when a file is written anew. */
const identityOf = (path: string) => {
  const { ino, mtimeNs } = lstatSync(path, { bigint: true });
  return [ino, mtimeNs];
};

describe("what was compiled", () => {
  test(
    "is kept for this user alone, and used again",
    inSandbox(async (box) => {
      const [name, ...others] = await kept(box);
      expect([name, others]).toEqual([expect.stringMatching(/^other-v\d+[\d.]+-\w+-[0-9a-f]{16}$/), []]);
      const path = join(box.dir, ".cache/seal", name!);
      expect(lstatSync(join(box.dir, ".cache/seal")).mode & 0o777).toBe(0o700);
      expect(lstatSync(path).mode & 0o777).toBe(0o600);
      const before = identityOf(path);
      await kept(box);
      expect(identityOf(path)).toEqual(before);
      writeFileSync(join(box.dir, "takes.cjs"), TAKES);
      const { stdout } = await sh(box, `"${process.execPath}" takes.cjs ${TREE}/dist/program.cjs ${path}`);
      expect(stdout).toBe("false\n");
    }),
  );

  test(
    "is compiled anew where what was kept is damaged, cut, empty or of another program",
    inSandbox(async (box) => {
      const [name] = await kept(box);
      const path = join(box.dir, ".cache/seal", name!);
      const good = readFileSync(path);
      const digestOfNothing = Buffer.from("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hex");
      for (const bad of [
        good.with(40, good[40]! ^ 1),
        good.with(good.length - 1, good.at(-1)! ^ 1),
        good.with(0, good[0]! ^ 1),
        good.subarray(0, 1000),
        good.subarray(0, 31),
        Buffer.alloc(0),
        digestOfNothing,
      ]) {
        writeFileSync(path, bad);
        await kept(box);
        const again = readFileSync(path);
        expect(again.length).toBeGreaterThan(good.length / 2);
        expect(filesIn(box)).toEqual([name]);
        const before = identityOf(path);
        await kept(box);
        expect(identityOf(path)).toEqual(before);
      }
    }),
  );

  test(
    "is compiled anew, of a part of the program too, and the run does its work by what is left",
    inSandbox(async (box) => {
      const list = "unset NODE_DISABLE_COMPILE_CACHE; seal accept list server.key";
      const { stdout } = await sh(box, list);
      const names = filesIn(box);
      expect(names.length).toBeGreaterThan(1);
      const before = names.map((name) => readFileSync(join(box.dir, ".cache/seal", name)));
      for (const [i, name] of names.entries()) {
        writeFileSync(join(box.dir, ".cache/seal", name), before[i]!.with(60, before[i]![60]! ^ 1));
        expect(await sh(box, list)).toEqual({ status: 0, stdout, stderr: "" });
        expect(filesIn(box)).toEqual(names);
        expect(readFileSync(join(box.dir, ".cache/seal", name)).length).toBeGreaterThan(before[i]!.length / 2);
      }
    }),
  );

  test("is of files in ASCII, which are read as Latin-1", () => {
    const files = readdirSync(join(TREE, "dist")).filter((name) => name.endsWith(".cjs") && name !== "index.cjs");
    expect(files.length).toBeGreaterThan(5);
    const isForeign = (byte: number) => byte > 0x7f;
    expect(files.filter((name) => readFileSync(join(TREE, "dist", name)).some(isForeign))).toEqual([]);
  });

  test(
    "is of this very program: another version is often as long, which is all that V8 compares",
    inSandbox(async (box) => {
      const [name] = await kept(box);
      cpSync(join(TREE, "dist"), join(box.dir, "other/dist"), { recursive: true });
      cpSync(join(TREE, "bin"), join(box.dir, "other/bin"), { recursive: true });
      const program = join(box.dir, "other/dist/program.cjs");
      writeFileSync(program, readFileSync(program, "latin1").replaceAll('"seal 0.', '"SEAL 0.'), "latin1");
      const others = `unset NODE_DISABLE_COMPILE_CACHE; "${process.execPath}" other/bin/seal.js --version`;
      expect((await sh(box, others, { XDG_CACHE_HOME: join(box.dir, "elsewhere") })).stdout).toMatch(/^SEAL 0/);
      const [otherName] = filesIn(box, "elsewhere/seal");
      cpSync(join(box.dir, "elsewhere/seal", otherName!), join(box.dir, ".cache/seal", name!));
      expect((await sh(box, KEEPING)).stdout).toMatch(/^seal 0/);
    }),
  );

  test(
    "is kept for each kind of run, of those that came to their end, and all do their work by it",
    inSandbox(async (box) => {
      const kinds = () => [...new Set(filesIn(box).map((name) => name.split("-")[0]))];
      const run = (command: string) => sh(box, `unset NODE_DISABLE_COMPILE_CACHE; ${command}`);
      expect(await run("seal missing --to server.pub --unsigned")).toMatchObject({ status: 3 });
      expect(kinds()).toEqual([]);
      for (const [command, all] of [
        ["seal -q plan.txt --to server.pub --sign master.key --force", ["seal"]],
        [
          "open -q plan.txt.sealed --key server.key --from master.pub -o out --force; cmp out plan.txt",
          ["open", "seal"],
        ],
        ["seal verify -q plan.txt.sealed --from master.pub", ["open", "seal", "verify"]],
        ["echo x | seal journal append log --to server.pub --sign master.key", ["journal", "open", "seal", "verify"]],
        ["seal inspect plan.txt.sealed", ["journal", "open", "other", "seal", "verify"]],
      ] as const) {
        for (let i = 0; i < 2; i++) expect(await run(command), command).toMatchObject({ status: 0, stderr: "" });
        expect(kinds().sort()).toEqual(all);
      }
      // The program, and what of it only this kind loads.
      expect(filesIn(box).filter((name) => name.startsWith("journal")).length).toBeGreaterThan(1);
    }),
  );

  test(
    "is kept apart for other options of V8's, which takes nothing that was kept under different ones",
    inSandbox(async (box) => {
      const [name] = await kept(box);
      const names = await kept(box, { NODE_OPTIONS: "--max-old-space-size=300" });
      expect(names).toHaveLength(2);
      const before = names.map((each) => identityOf(join(box.dir, ".cache/seal", each)));
      await kept(box);
      await kept(box, { NODE_OPTIONS: "--max-old-space-size=300" });
      expect(filesIn(box)).toEqual(names);
      expect(names).toContain(name);
      expect(names.map((each) => identityOf(join(box.dir, ".cache/seal", each)))).toEqual(before);
    }),
  );

  test(
    "goes when it is a month old and something is kept anew; nothing that is not ours does",
    inSandbox(async (box) => {
      mkdirSync(join(box.dir, ".cache/seal"), { recursive: true, mode: 0o700 });
      const month = Date.now() / 1000 - 31 * 24 * 3600;
      for (const name of ["seal-v20.0.0-x64-0123456789abcdef", "open-v20.0.0-x64-0123456789abcdef.00ff", "mine"]) {
        writeFileSync(join(box.dir, ".cache/seal", name), "");
        utimesSync(join(box.dir, ".cache/seal", name), month, month);
      }
      writeFileSync(join(box.dir, ".cache/seal/seal-v20.0.0-x64-ffffffffffffffff"), "");
      const names = await kept(box);
      expect(names.sort()).toEqual(["mine", expect.stringMatching(/^other-v/), "seal-v20.0.0-x64-ffffffffffffffff"]);
    }),
  );

  test(
    "is not kept where something else has its place, which changes nothing else",
    inSandbox(async (box) => {
      const [name] = await kept(box);
      const path = join(box.dir, ".cache/seal", name!);
      rmSync(path);
      mkdirSync(path);
      expect(await kept(box)).toEqual([name]);
      expect(readdirSync(path)).toEqual([]);
    }),
  );

  test("is of the kind that the arguments tell", () => {
    const words = [...COMMANDS, ...GROUPS].map(({ name }) => name);
    expect(words.filter((word) => OTHERS.includes(word)).sort()).toEqual(OTHERS.toSorted());
    expect(words.filter((word) => !OTHERS.includes(word)).sort()).toEqual(["journal", "open", "verify"]);
    expect(
      ["verify", "open", "journal", "keygen", "file", "-", "--to", "./open"].map((word) => kindOf("seal", [word])),
    ).toEqual(["verify", "open", "journal", "other", "seal", "seal", "seal", "seal"]);
    expect([kindOf("open", ["verify"]), kindOf("open", []), kindOf("seal", [])]).toEqual(["open", "open", "seal"]);
    expect(["constructor", "toString", "__proto__", "other"].map((word) => kindOf("seal", [word]))).toEqual(
      Array(4).fill("seal"),
    );
    expect([kindOf("open", ["x", "--help"]), kindOf("seal", ["--version"])]).toEqual(["other", "other"]);
  });

  test(
    "is kept where XDG_CACHE_HOME says, if that is an absolute path",
    inSandbox(async (box) => {
      expect(await kept(box, { XDG_CACHE_HOME: join(box.dir, "elsewhere") }, "elsewhere/seal")).toHaveLength(1);
      expect(await kept(box, { XDG_CACHE_HOME: "relative" })).toHaveLength(1);
      expect(existsSync(join(box.dir, "relative"))).toBe(false);
    }),
  );

  test(
    "is not kept where others may write or read, nor behind a link",
    inSandbox(async (box) => {
      mkdirSync(join(box.dir, ".cache/seal"), { recursive: true });
      for (const mode of [0o770, 0o707, 0o750, 0o755]) {
        chmodSync(join(box.dir, ".cache/seal"), mode);
        expect(await kept(box), mode.toString(8)).toEqual([]);
      }
      mkdirSync(join(box.dir, "target"), { mode: 0o700 });
      mkdirSync(join(box.dir, "linked"));
      symlinkSync(join(box.dir, "target"), join(box.dir, "linked/seal"));
      expect(await kept(box, { XDG_CACHE_HOME: join(box.dir, "linked") }, "target")).toEqual([]);
      symlinkSync(join(box.dir, "target"), join(box.dir, "link"));
      expect(await kept(box, { XDG_CACHE_HOME: join(box.dir, "link") }, "target")).toEqual([]);
    }),
  );

  test(
    "is not kept below what others may write to, who could put something else in its place",
    inSandbox(async (box) => {
      const parent = join(box.dir, "shared/cache");
      mkdirSync(parent, { recursive: true });
      for (const [at, mode] of [
        ["shared", 0o777],
        ["shared", 0o770],
        ["shared/cache", 0o773],
      ] as const) {
        chmodSync(join(box.dir, at), mode);
        expect(await kept(box, { XDG_CACHE_HOME: parent }, "shared/cache/seal"), `${at} ${mode}`).toEqual([]);
        expect(await kept(box, { XDG_CACHE_HOME: join(parent, "new") }, "shared/cache/new")).toEqual([]);
        chmodSync(join(box.dir, at), 0o755);
      }
    }),
  );

  test.skipIf(!isRoot)(
    "is not kept below what is another user's",
    inSandbox(async (box) => {
      const parent = join(box.dir, "theirs/cache");
      mkdirSync(parent, { recursive: true });
      chownSync(join(box.dir, "theirs"), 12_345, 12_345);
      expect(await kept(box, { XDG_CACHE_HOME: parent }, "theirs/cache/seal")).toEqual([]);
      expect(existsSync(join(parent, "seal"))).toBe(false);
    }),
  );

  test.skipIf(!isRoot)(
    "is not kept in another user's home or directory, as sudo may leave HOME as it was",
    inSandbox(async (box) => {
      const home = join(box.dir, "theirs");
      mkdirSync(home);
      chownSync(home, 12_345, 12_345);
      expect(await kept(box, { HOME: home }, "theirs")).toEqual([]);
      mkdirSync(join(box.dir, ".cache/seal"), { recursive: true, mode: 0o700 });
      chownSync(join(box.dir, ".cache/seal"), 12_345, 12_345);
      expect(await kept(box)).toEqual([]);
    }),
  );

  test(
    "is not kept where there is no home, or Node is told to keep nothing",
    inSandbox(async (box) => {
      for (const env of [{ HOME: "" }, { HOME: join(box.dir, "missing") }, { NODE_DISABLE_COMPILE_CACHE: "1" }]) {
        expect(await kept(box, env)).toEqual([]);
        expect([".cache", "missing"].filter((name) => existsSync(join(box.dir, name)))).toEqual([]);
      }
    }),
  );
});
