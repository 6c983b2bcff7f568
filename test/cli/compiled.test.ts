// What V8 compiled is kept for the next start where nobody else can write, and nowhere else.

import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inSandbox, type Sandbox, sh } from "./sandbox.js";

const canKeep = "enableCompileCache" in nodeModule;
const isRoot = process.geteuid?.() === 0;

/** Other tests keep nothing. */
const KEEPING = "unset NODE_DISABLE_COMPILE_CACHE; seal --version";

/** What is kept after a start, by its path from the sandbox. */
async function kept(box: Sandbox, env: Record<string, string> = {}, where = ".cache/seal"): Promise<string[]> {
  const ended = await sh(box, env.NODE_DISABLE_COMPILE_CACHE ? "seal --version" : KEEPING, env);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  return existsSync(join(box.dir, where)) ? readdirSync(join(box.dir, where)) : [];
}

describe("what was compiled", () => {
  test.skipIf(!canKeep)(
    "is kept for this user alone, and used again",
    inSandbox(async (box) => {
      expect(await kept(box)).toHaveLength(1);
      expect(lstatSync(join(box.dir, ".cache/seal")).mode & 0o777).toBe(0o700);
      const told = await sh(box, KEEPING, { NODE_DEBUG_NATIVE: "COMPILE_CACHE" });
      expect(told.stdout + told.stderr).toMatch(/program-.*\.cjs.* was accepted/);
    }),
  );

  test.skipIf(!canKeep)(
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
