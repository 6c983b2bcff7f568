// Readers that go away: exit 3, without a word.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inSandbox, type Sandbox, sh, TREE } from "./sandbox.js";

/** Runs `seal` with a stdout that nobody reads any more. */
function intoClosedPipe(box: Sandbox, args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve) => {
    // The shell's own pipe: Node's "pipe" would be a socket. `exec true` has gone when the program is let off.
    const command = '{ sleep 0.2; "$0" "$@"; echo "status $?" >&2; } | exec true';
    const child = spawn("sh", ["-c", command, process.execPath, join(TREE, "bin", "seal.js"), ...args], {
      cwd: box.dir,
      env: box.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (bytes) => {
      stderr += bytes;
    });
    child.on("close", () => {
      const [, status] = /status (\d+)\n$/.exec(stderr) ?? [];
      resolve({ status: status ? Number(status) : null, stderr: stderr.replace(/status \d+\n$/, "") });
    });
  });
}

it.concurrent.each([
  ["seal -o -", ["plan.txt", "--to", "alice.pub", "--unsigned", "-o", "-"]],
  ["open -o -", ["open", "secret.sealed", "--key", "server.key", "-o", "-"]],
  ["open -o - --range", ["open", "secret.sealed", "--key", "server.key", "-o", "-", "--range", "0-3"]],
  ["verify", ["verify", "secret.sealed", "--from", "master.pub"]],
  ["verify --json", ["verify", "secret.sealed", "--from", "master.pub", "--json"]],
  ["inspect", ["inspect", "secret.sealed"]],
  ["pub", ["pub", "alice.key"]],
  ["seal --json", ["plan.txt", "--to", "alice.pub", "--unsigned", "--json"]],
])(
  "a closed pipe is exit 3, quietly: %s",
  inSandbox(async (box, _what: string, args: string[]) => {
    expect(await intoClosedPipe(box, args)).toEqual({ status: 3, stderr: "" });
  }),
);

it.concurrent(
  "a reader who has seen enough",
  inSandbox(async (box) => {
    await sh(box, "head -c 30000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
    const { stdout, stderr } = await sh(
      box,
      '{ open big.sealed --key server.key -o -; echo "status $?" >&2; } | head -c 10 | wc -c',
    );
    expect(stdout).toMatch(/^10\n$/);
    expect(stderr).toBe("status 3\n");
  }),
);

it.concurrent(
  "a FIFO whose reader goes away",
  inSandbox(async (box) => {
    await sh(box, "head -c 30000000 /dev/zero > big; seal -q big --to server.pub --sign master.key; mkfifo pipe");
    const { stderr, stdout } = await sh(
      box,
      "head -c 10 pipe | wc -c & open big.sealed --key server.key -o pipe; echo status $?; wait",
    );
    expect(stdout).toMatch(/status 3\n/);
    expect(stderr).toBe("");
  }),
);

it.concurrent(
  "standard output that is full",
  inSandbox(async (box) => {
    for (const command of [
      "seal pub alice.key",
      "seal inspect secret.sealed --json",
      "open secret.sealed --key server.key -o -",
    ]) {
      const { status, stderr } = await sh(box, `${command} > /dev/full`);
      expect({ command, status, stderr }).toEqual({
        command,
        status: 3,
        stderr: expect.stringMatching(/^seal: error: .*no space left.*\n$|"ok":false/),
      });
    }
  }),
);

it.concurrent(
  "an output that is full, and no regular file",
  inSandbox(async (box) => {
    const { status, stderr } = await sh(box, "open secret.sealed --key server.key -o /dev/full");
    expect(status).toBe(3);
    expect(stderr).toMatch(/^seal: error: .*\/dev\/full: no space left/);
  }),
);

it.concurrent(
  "a slow reader gets all of it",
  inSandbox(async (box) => {
    await sh(box, "head -c 9000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key");
    const { status } = await sh(box, "open big.sealed --key server.key -o - -q | { sleep 1; cmp - big; }");
    expect(status).toBe(0);
  }),
);

it.concurrent(
  "stderr that is closed changes nothing",
  inSandbox(async (box) => {
    const { status, stdout } = await sh(box, "open secret.sealed --key server.key -o - 2>&-");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "for alice\n" });
  }),
);

it.concurrent(
  "stderr whose reader is gone is no bug in seal, and the output is there",
  inSandbox(async (box) => {
    const { stdout } = await sh(
      box,
      "{ { sleep 0.2; open secret.sealed --key server.key; echo status $? >&3; } 2>&1 >/dev/null | true; } 3>&1; cat secret",
    );
    expect(stdout).toMatch(/^status [03]\nfor alice\n$/);
  }),
);

it.concurrent(
  "no stdin at all",
  inSandbox(async (box) => {
    const { status, stderr } = await sh(box, "open - --key server.key -o out <&-");
    expect({ status: [3, 4].includes(status), stderr }).toEqual({
      status: true,
      stderr: expect.stringMatching(/^seal: error/),
    });
  }),
);

it.concurrent(
  "a stdin that is a directory",
  inSandbox(async (box) => {
    const fd = openSync(box.dir, "r");
    const child = spawn(
      process.execPath,
      [join(TREE, "bin", "seal.js"), "--to", "alice.pub", "--unsigned", "-o", "out"],
      {
        cwd: box.dir,
        env: box.env,
        stdio: [fd, "ignore", "ignore"],
      },
    );
    expect([2, 3], "not 0: an empty file would be sealed in its place").toContain(
      await new Promise((resolve) => child.on("close", resolve)),
    );
    closeSync(fd);
  }),
);
