// Outputs as another process sees them: whose they are, who may read them, and on which file systems they can be made.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { inSandbox, isTemporary, type Sandbox, sh } from "./sandbox.js";

oneIn(5);

const isRoot = process.getuid?.() === 0;
const canDrop = isRoot && spawnSync("setpriv", ["--reuid=1234", "--clear-groups", "true"]).status === 0;
if (!canDrop) console.warn("not root, or no setpriv: what another user may do is skipped");

const WITHOUT = pathToFileURL(fileURLToPath(new URL("disk-without.js", import.meta.url))).href;

/** The environment of a program for which these calls, NAME:CODE, are refused. */
const without = (calls: string) => ({ NODE_OPTIONS: `--import=${WITHOUT}`, SEAL_TEST_REFUSED: calls });

const stateOf = (box: Sandbox, name: string) => {
  const { mode, uid, gid } = statSync(join(box.dir, name));
  return { mode: mode & 0o7777, uid, gid };
};

const COMMANDS = [
  ["seal", "out", "seal plan.txt --to alice.pub --unsigned -q --force -o out"],
  ["open", "out", "open secret.sealed --key server.key -q --force -o out"],
  ["open --resume", "out", "open secret.sealed --key server.key -q --force --resume -o out"],
  [
    "rewrap in place",
    "secret.sealed",
    "seal rewrap secret.sealed --key server.key --sign master.key --to alice.pub -q",
  ],
  ["rewrap -o", "out", "seal rewrap secret.sealed --key server.key --sign master.key --to alice.pub -q --force -o out"],
  ["contacts add", "names", "seal contacts add ann alice.pub --contacts names"],
  ["journal read", "out", "seal journal read j --key server.key --from master.pub -q --force -o out"],
  ["a cursor of journal read", "at", "seal journal read j --key server.key --from master.pub -q --cursor at"],
] as const;

/** A journal with a record. */
const journal = (box: Sandbox) => sh(box, "echo one | seal journal append j --to server.pub --sign master.key -q");

describe("what is replaced keeps its owner, group and mode:", () => {
  test.concurrent.each(COMMANDS)(
    "%s",
    inSandbox(async (box, _what: string, name: string, command: string) => {
      await journal(box);
      if (name === "at") expect(await sh(box, command)).toMatchObject({ status: 0 });
      if (name === "out" || name === "names") writeFileSync(join(box.dir, name), "");
      chmodSync(join(box.dir, name), 0o640);
      if (isRoot) chownSync(join(box.dir, name), 1234, 2345);
      const before = { ...stateOf(box, name), ino: statSync(join(box.dir, name)).ino };
      if (name === "at") await sh(box, "echo two | seal journal append j --to server.pub --sign master.key -q");
      expect(await sh(box, command)).toMatchObject({ status: 0, stderr: "" });
      const { ino } = statSync(join(box.dir, name));
      expect([stateOf(box, name), ino === before.ino]).toEqual([
        { mode: before.mode, uid: before.uid, gid: before.gid },
        false,
      ]);
    }),
  );
});

describe.skipIf(!canDrop)("a user who is not root", () => {
  const as = (command: string, groups = "--clear-groups") =>
    `setpriv --reuid=1234 --regid=1234 ${groups} sh -c '${command}'`;
  const opens = "open secret.sealed --key server.key --force -o shared/out";

  const shared = (box: Sandbox, uid: number, gid: number) => {
    execFileSync("sh", ["-c", "chmod 755 .; mkdir shared; chown 1234:1234 server.key; chmod 777 shared"], {
      cwd: box.dir,
    });
    writeFileSync(join(box.dir, "shared/out"), "old");
    chownSync(join(box.dir, "shared/out"), uid, gid);
    chmodSync(join(box.dir, "shared/out"), 0o660);
  };

  test.concurrent.each([
    ["somebody else's file", 4321, 1234],
    ["a file of a group that is not the user's", 1234, 4321],
  ])(
    "is refused to replace %s, before anything is written",
    inSandbox(async (box, _what: string, uid: number, gid: number) => {
      shared(box, uid, gid);
      const { status, stderr } = await sh(box, as(opens));
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr: expect.stringMatching(/shared\/out cannot be replaced/),
      });
      expect([readdirSync(join(box.dir, "shared")), readFileSync(join(box.dir, "shared/out"), "utf8")]).toEqual([
        ["out"],
        "old",
      ]);
    }),
  );

  test.concurrent(
    "replaces a file of any group that is the user's",
    inSandbox(async (box) => {
      shared(box, 1234, 4321);
      expect(await sh(box, as(opens, "--groups=4321"))).toMatchObject({ status: 0 });
      expect(stateOf(box, "shared/out")).toEqual({ mode: 0o660, uid: 1234, gid: 4321 });
    }),
  );
});

describe.skipIf(!canDrop)("a cursor", () => {
  test.concurrent(
    "that could not be replaced is refused before anything is read",
    inSandbox(async (box) => {
      await journal(box);
      const reads = "seal journal read j --key server.key --from master.pub -q --cursor at";
      expect((await sh(box, `${reads}; chmod 755 .; chmod 777 .; chmod 644 at j; chown 1234 server.key`)).status).toBe(
        0,
      );
      chownSync(join(box.dir, "at"), 4321, 4321);
      const again = `echo two | seal journal append j --to server.pub --sign master.key -q; setpriv --reuid=1234 --regid=1234 --clear-groups ${reads}`;
      const { status, stdout, stderr } = await sh(box, again);
      expect({ status, stdout, stderr }).toEqual({
        status: 3,
        stdout: expect.not.stringContaining("two"),
        stderr: expect.stringMatching(/at cannot be replaced/),
      });
    }),
  );
});

describe("on a file system that refuses", () => {
  const cases = ["EPERM", "EACCES", "EINVAL", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].flatMap((code) => [
    [`linkSync:${code}`, COMMANDS[0][2].replace("--force", "")],
    [`linkSync:${code}`, COMMANDS[2][2].replace("--force", "")],
    [`fchmodSync:${code}`, COMMANDS[1][2].replace("--force", "")],
    [`fchmodSync:${code} linkSync:${code}`, COMMANDS[2][2].replace("--force", "")],
    [`fchmodSync:${code} linkSync:${code}`, COMMANDS[1][2]],
  ]);

  test.concurrent.each(cases)(
    "%s: %s",
    inSandbox(async (box, calls: string, command: string) => {
      if (command.includes("--force")) writeFileSync(join(box.dir, "out"), "old", { mode: 0o600 });
      expect(await sh(box, command, without(calls))).toEqual({ status: 0, stdout: "", stderr: "" });
      expect(statSync(join(box.dir, "out")).size).toBeGreaterThan(9);
      expect(statSync(join(box.dir, "out")).mode & 0o077 & ~(0o666 & ~process.umask())).toBe(0);
    }),
  );

  test.concurrent.each(["EPERM", "EXDEV", "EMLINK"])(
    "hard links (%s), what exists is not replaced without --force",
    inSandbox(async (box, code: string) => {
      writeFileSync(join(box.dir, "out"), "old");
      const { status } = await sh(box, COMMANDS[1][2].replace("--force", ""), without(`linkSync:${code}`));
      expect([status, readFileSync(join(box.dir, "out"), "utf8")]).toEqual([2, "old"]);
    }),
  );

  test.concurrent(
    "hard links and renames: exit 3, and the name is not left taken",
    inSandbox(async (box) => {
      const command = COMMANDS[1][2].replace("--force", "");
      const { status } = await sh(box, command, without("linkSync:EPERM renameSync:EPERM"));
      expect([status, existsSync(join(box.dir, "out"))]).toEqual([3, false]);
      expect(readdirSync(box.dir).filter(isTemporary)).toEqual([]);
    }),
  );
});
