// Disks that are full, read-only or forbidden. For a disk that becomes full at any point see full-disk.test.ts.

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { canMount, onDisk } from "./disk.js";
import { inSandbox, type Sandbox, sh } from "./sandbox.js";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!canMount)("a disk", () => {
  test.concurrent.each([
    ["seal", "seal big --to alice.pub --unsigned -o disk/out"],
    ["seal from a pipe", "cat big | seal - --to alice.pub --sign master.key -o disk/out"],
    ["open", "open big.sealed --key server.key -o disk/out"],
    ["open from a pipe", "cat big.sealed | open - --key server.key -o disk/out"],
    ["open a range", "open big.sealed --key server.key -o disk/out --range 1-4500000"],
  ])(
    "that is full: %s",
    onDisk(1024, async (box, disk, _what: string, command: string) => {
      await sh(box, "head -c 5000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
      const { status, stderr } = await sh(box, command);
      expect(stderr).toMatch(/^seal: error: .*disk\/out: no space left/);
      expect(status).toBe(3);
      expect(readdirSync(disk)).toEqual([]);
    }),
  );

  test.concurrent(
    "that is full keeps the old file, even with --force",
    onDisk(1024, async (box) => {
      await sh(box, "head -c 5000000 /dev/zero > big; echo old > disk/out");
      const { status } = await sh(box, "seal big --to alice.pub --unsigned -o disk/out --force");
      expect(status).toBe(3);
      expect((await sh(box, "cat disk/out; ls -A disk")).stdout).toBe("old\nout\n");
    }),
  );

  test.concurrent(
    "that is full: of several files those that fit are done",
    onDisk(1024, async (box, disk) => {
      await sh(box, "head -c 5000000 /dev/zero > big");
      const { status, stderr } = await sh(box, "seal big plan.txt --to alice.pub --unsigned -q -o disk");
      expect(status).toBe(3);
      expect(stderr.split("\n")).toHaveLength(2);
      expect(readdirSync(disk)).toEqual(["plan.txt.sealed"]);
    }),
  );

  test.concurrent(
    "that is full: keygen leaves neither file",
    onDisk(1024, async (box, disk) => {
      await sh(box, "head -c 2000000 /dev/zero > disk/fill");
      const { status, stderr } = await sh(box, "seal keygen -o disk/new.key");
      expect(status).toBe(3);
      expect(stderr).toMatch(/no space left/);
      expect(readdirSync(disk)).toEqual(["fill"]);
    }),
  );

  test.concurrent(
    "that is read-only",
    onDisk(1024, async (box, disk) => {
      execFileSync("mount", ["-o", "remount,ro", disk]);
      for (const command of ["open secret.sealed --key server.key -o disk/out", "seal keygen -o disk/new.key"]) {
        const { status, stderr } = await sh(box, command);
        expect({ status, stderr }).toEqual({
          status: 3,
          stderr: expect.stringMatching(/^seal: error: .*disk.*read-only/),
        });
      }
    }),
  );
});

const NOBODY = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
const program = fileURLToPath(new URL("../../bin/seal.js", import.meta.url));
/** Whether somebody else may run this Node, and the program: what is in root's own folders they may not. */
const nobodyHasNode =
  isRoot &&
  process.platform === "linux" &&
  // Through a shell, as the tests do: setpriv's own exec still has root's capabilities.
  spawnSync("setpriv", [...NOBODY, "sh", "-c", 'exec "$0" "$1" --version', process.execPath, program]).status === 0;
if (!nobodyHasNode) console.warn("not root, or nobody else may run this Node: what permissions forbid is not tested");

// Permission bits do not bind root; setpriv makes somebody whom they do bind.
describe.skipIf(!nobodyHasNode)("as nobody", () => {
  const asNobody = (box: Sandbox, command: string) => {
    const prepare =
      "chmod 755 . .bin; chmod 644 server.key; mkdir -p mine locked blind; chmod 777 mine; chmod 500 locked; chmod 733 blind";
    return sh(box, `${prepare}; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '${command}'`);
  };

  test.concurrent(
    "a directory that may not be written",
    inSandbox(async (box) => {
      const { status, stderr } = await asNobody(box, "open secret.sealed --key server.key -q -o locked/out");
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr: expect.stringMatching(/^seal: error: .*locked.*permission denied/),
      });
    }),
  );

  test.concurrent(
    "a directory that may be written but not listed",
    inSandbox(async (box) => {
      const { status, stderr } = await asNobody(box, "open secret.sealed --key server.key -q -o blind/out");
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect((await sh(box, "cat blind/out")).stdout).toBe("for alice\n");
    }),
  );

  test.concurrent(
    "an input and an identity that may not be read",
    inSandbox(async (box) => {
      execFileSync("chmod", ["600", "secret.sealed", "bob.key"], { cwd: box.dir });
      expect(await asNobody(box, "open secret.sealed --key server.key -q -o mine/out")).toEqual({
        status: 3,
        stdout: "",
        stderr: expect.stringMatching(/^seal: error: .*secret\.sealed: permission denied/),
      });
      const { status, stderr } = await asNobody(box, "seal pub bob.key -q");
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/bob\.key.*permission denied/) });
    }),
  );
});
