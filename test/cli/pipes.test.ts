// Readers that go away: exit 3, without a word.

import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { inSandbox, type Sandbox, sh, TREE } from "./sandbox.js";

oneIn(5);

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

test.concurrent.each([
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

const GNU_TAIL = spawnSync("tail", ["--version"]).stdout?.includes("GNU") ?? false;

test.skipIf(!GNU_TAIL)(
  "a reader who leaves while nothing comes ends what follows a journal (skipped without GNU tail)",
  inSandbox(async (box) => {
    await sh(box, "echo one | seal journal append j --to server.pub --sign master.key");
    const { stdout, stderr } = await sh(
      box,
      '{ seal journal read j --key server.key --follow -q; echo "status $?" >&2; } | head -n 1',
    );
    expect({ stdout, stderr }).toEqual({ stdout: "one\n", stderr: "status 3\n" });
  }),
);

test.skipIf(!GNU_TAIL)(
  "a reader of acknowledgements who leaves ends appending, though input may come (skipped without GNU tail)",
  inSandbox(async (box) => {
    const append = "seal journal append j --to server.pub --sign master.key --json < in";
    const { stdout, stderr } = await sh(
      box,
      `mkfifo in; { ${append}; echo "status $?" >&2; } | head -n 1 & exec 3> in; echo one >&3; wait; seal journal read j --key server.key -q`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '{"ok":true,"records":1}\none\n', stderr: "status 3\n" });
  }),
);

test.concurrent(
  "a FIFO's reader who leaves ends what follows a journal into it",
  inSandbox(async (box) => {
    await sh(box, "echo one | seal journal append j --to server.pub --sign master.key; mkfifo out");
    const { stdout, stderr } = await sh(
      box,
      "seal journal read j --key server.key --follow -q -o out & pid=$!; head -n 1 < out; wait $pid; echo $?",
    );
    expect({ stdout, stderr }).toEqual({ stdout: "one\n3\n", stderr: "" });
  }),
);

/** What is set on the pipe that is this descriptor of the shell's, as the shell's own programs have it. */
/** The flags of a descriptor other than the first three: cat has its own of those. */
const flagsOf = (fd: number) => `cat /proc/self/fdinfo/${fd} >&2`;
const O_NONBLOCK = 0o4000;
const nonBlocking = (stderr: string) =>
  [...stderr.matchAll(/^flags:\s*([0-7]+)$/gm)].map(([, flags]) => (Number.parseInt(flags!, 8) & O_NONBLOCK) !== 0);

describe.runIf(process.platform === "linux")("a pipe that others hold too stays blocking for them", () => {
  test.concurrent(
    "as standard output, while seal writes and after it was killed",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
      const { stderr } = await sh(
        box,
        `{ exec 5>&1; open big.sealed --key server.key -q -o - & pid=$!; until test -s begun; do sleep 0.05; done; ${flagsOf(5)}; kill -9 $pid; wait; ${flagsOf(5)}; } | { head -c 1 > begun; sleep 0.5; cat > rest; }`,
      );
      expect(nonBlocking(stderr)).toEqual([false, false]);
    }),
  );

  test.concurrent(
    // What runs in the background gets no standard input from a shell that is not asked for it.
    "as standard input, while seal reads and after it was killed",
    inSandbox(async (box) => {
      const wait = (what: string) => `until ${what}; do sleep 0.05; done`;
      const { stderr } = await sh(
        box,
        `{ head -c 9000000 /dev/zero; ${wait("test -e end")}; } | { exec 3<&0; seal - --to alice.pub --unsigned -q -o out <&3 & pid=$!; ${wait("ls -A | grep -q '^[.]seal-'")}; ${flagsOf(3)}; kill -9 $pid; wait; ${flagsOf(3)}; rm -f .seal-*; : > end; }`,
      );
      expect(nonBlocking(stderr)).toEqual([false, false]);
    }),
  );

  test.concurrent(
    "so that another program can write to it meanwhile",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
      const { stdout, stderr } = await sh(
        box,
        "{ open big.sealed --key server.key -q -o - & until test -s begun; do sleep 0.05; done; cat big; wait; } | { head -c 1 > begun; sleep 0.5; wc -c; }",
      );
      expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: "17999999", stderr: "" });
    }),
  );
});

test.concurrent(
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

test.concurrent(
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

test.concurrent(
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

test.concurrent(
  "an output that is full, and no regular file",
  inSandbox(async (box) => {
    const { status, stderr } = await sh(box, "open secret.sealed --key server.key -o /dev/full");
    expect(status).toBe(3);
    expect(stderr).toMatch(/^seal: error: .*\/dev\/full: no space left/);
  }),
);

test.concurrent(
  "a slow reader gets all of it",
  inSandbox(async (box) => {
    await sh(box, "head -c 9000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key");
    const { status } = await sh(box, "open big.sealed --key server.key -o - -q | { sleep 1; cmp - big; }");
    expect(status).toBe(0);
  }),
);

test.concurrent(
  "stderr that is closed changes nothing",
  inSandbox(async (box) => {
    const { status, stdout } = await sh(box, "open secret.sealed --key server.key -o - 2>&-");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "for alice\n" });
  }),
);

test.concurrent(
  "stderr whose reader is gone is no bug in seal, and the output is there",
  inSandbox(async (box) => {
    const { stdout } = await sh(
      box,
      "{ { sleep 0.2; open secret.sealed --key server.key; echo status $? >&3; } 2>&1 >/dev/null | true; } 3>&1; cat secret",
    );
    expect(stdout).toMatch(/^status [03]\nfor alice\n$/);
  }),
);

test.concurrent(
  "no stdin at all",
  inSandbox(async (box) => {
    const { status, stderr } = await sh(box, "open - --key server.key -o out <&-");
    expect({ status: [3, 4].includes(status), stderr }).toEqual({
      status: true,
      stderr: expect.stringMatching(/^seal: error/),
    });
  }),
);

test.concurrent(
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
