// Signals, whatever the program is doing or waiting for: those that would end it do so soon, with their status, and
// nothing is left; one that asks is answered, and opens no debugger.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { inSandbox, program, type Running, type Sandbox, sh, start, TREE, temporaryIn, until } from "./sandbox.js";

oneIn(6);

const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/**
 * The status after a signal, -1 where the program does not heed it within two seconds. Dying of the signal is heeding
 * it.
 */
async function statusAfter({ child }: Running, signal: NodeJS.Signals): Promise<number> {
  const exited = new Promise<number>((resolve) => {
    child.on("exit", (code, by) => resolve(code ?? 128 + constants.signals[by!]));
  });
  child.kill(signal);
  const status = await Promise.race([exited, new Promise<number>((resolve) => setTimeout(() => resolve(-1), 2000))]);
  if (status === -1) child.kill("SIGKILL");
  await exited;
  return status;
}

/** Others that would end it. */
const MORE: readonly NodeJS.Signals[] = [
  "SIGHUP",
  "SIGQUIT",
  "SIGABRT",
  "SIGUSR2",
  "SIGALRM",
  "SIGSTKFLT",
  "SIGXCPU",
  "SIGVTALRM",
  "SIGPROF",
  "SIGIO",
  "SIGPWR",
].filter((name): name is NodeJS.Signals => name in constants.signals);

const REWRAP = ["--key", "alice.key", "--sign", "master.key", "--to", "bob.pub", "--to", "alice.pub"];

/** `seal` of all files in `in`, with threads, to `out`. */
function sealingAll(box: Sandbox): Running {
  const files = readdirSync(join(box.dir, "in")).map((name) => `in/${name}`);
  const who = ["--to", "alice.pub", "--sign", "master.key"];
  return program(box, "seal", [...files, ...who, "--json", "-o", "out", "--threads", "2"]);
}

/** Until the program handles signals and waits for something. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 500));

describe.each(SIGNALS)("%s", (signal, status) => {
  test.concurrent(
    "while sealing from a pipe to a file",
    inSandbox(async (box) => {
      const running = program(box, "seal", ["-", "--to", "alice.pub", "--sign", "master.key", "-o", "out"]);
      running.child.stdin!.write(Buffer.alloc(5_000_000));
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("out");
      expect((await running.ended).stderr).toMatch(/^seal: error: .*interrupted/);
    }),
  );

  test.concurrent(
    "while sealing several files: what is not whole goes",
    inSandbox(async (box) => {
      execFileSync("mkfifo", ["1"], { cwd: box.dir });
      const running = program(box, "seal", ["1", "plan.txt", "--to", "alice.pub", "--unsigned"]);
      const writer = sh(box, "exec 3>1; sleep 2");
      await until(temporaryIn(box.dir, 100), "the header");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("1.sealed");
      await writer;
    }),
  );

  test.concurrent(
    "while threads seal many small files: what is not whole goes, and what is was told of",
    inSandbox(async (box) => {
      await sh(box, "mkdir in out; cd in; seq 4000 | xargs touch; for f in *; do echo $f > $f; done");
      const running = sealingAll(box);
      await until(() => readdirSync(join(box.dir, "out")).length > 500, "some files");
      expect(await statusAfter(running, signal)).toBe(status);
      const { stdout } = await running.ended;
      const told = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(told.at(-1)).toMatchObject({ ok: false, code: "interrupted", exit: status });
      const made = readdirSync(join(box.dir, "out")).map((name) => `out/${name}`);
      expect(
        told
          .slice(0, -1)
          .map(({ output }) => output)
          .sort(),
      ).toEqual(made.sort());
      expect(made.length).toBeLessThan(4000);
    }),
  );

  test.concurrent(
    "and once more at once, while threads seal many small files: nothing temporary stays",
    inSandbox(async (box) => {
      await sh(box, "mkdir in out; cd in; seq 4000 | xargs touch; for f in *; do echo $f > $f; done");
      const running = sealingAll(box);
      await until(() => readdirSync(join(box.dir, "out")).length > 500, "some files");
      running.child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running.child.kill(signal);
      await running.ended;
    }),
  );

  test.concurrent(
    "while opening from a pipe to a file, in JSON",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
      const running = program(box, "open", ["-", "--key", "server.key", "-o", "out", "--json"]);
      running.child.stdin!.write(
        Buffer.from(execFileSync("head", ["-c", "5000000", join(box.dir, "big.sealed")], { maxBuffer: 1e7 })),
      );
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("out");
      const { stdout, stderr } = await running.ended;
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, code: "interrupted", exit: status, input: "-" });
      expect(stderr).toBe("");
    }),
  );

  test.concurrent(
    "while working through a large file",
    inSandbox(async (box) => {
      await sh(box, "truncate -s 3G huge");
      const running = program(box, "seal", ["huge", "--to", "alice.pub", "--unsigned"]);
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("huge.sealed");
    }),
  );

  test.concurrent(
    "while rewrapping in place: the old file stays",
    inSandbox(async (box) => {
      await sh(
        box,
        "truncate -s 300M huge; seal -q huge --to alice.pub --sign master.key; rm huge; ln huge.sealed old",
      );
      const running = program(box, "seal", ["rewrap", "huge.sealed", ...REWRAP]);
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(statSync(join(box.dir, "huge.sealed")).ino).toBe(statSync(join(box.dir, "old")).ino);
    }),
  );

  test.concurrent(
    "while the reader of stdout stalls",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big");
      const running = program(box, "seal", ["big", "--to", "alice.pub", "--unsigned", "-o", "-"]);
      running.child.stdout!.pause();
      await settled();
      expect(await statusAfter(running, signal)).toBe(status);
      running.child.stdout!.destroy();
    }),
  );

  test.concurrent.each([
    ["input", ["open", "fifo", "--key", "server.key", "-o", "out"]],
    ["input to verify", ["verify", "fifo", "--from", "master.pub"]],
    ["output", ["open", "secret.sealed", "--key", "server.key", "-o", "fifo"]],
    ["identity", ["open", "secret.sealed", "--key", "fifo", "-o", "out"]],
    [".pub file", ["verify", "secret.sealed", "--from", "./fifo"]],
  ])(
    "while a FIFO has no other end: %s",
    inSandbox(async (box, _what: string, args: string[]) => {
      execFileSync("mkfifo", ["fifo"], { cwd: box.dir });
      const running = program(box, "seal", args);
      await settled();
      expect(await statusAfter(running, signal)).toBe(status);
    }),
  );

  test.concurrent.each([
    ["the file", ["open", "-", "--key", "server.key", "-o", "out"]],
    ["the identity", ["open", "secret.sealed", "--key", "-", "-o", "out"]],
    ["what to verify", ["verify", "-", "--from", "master.pub"]],
    ["what to inspect", ["inspect", "-"]],
    ["an identity for pub", ["pub", "-"]],
  ])(
    "while stdin gives nothing: %s",
    inSandbox(async (box, _what: string, args: string[]) => {
      const running = program(box, "seal", args);
      await settled();
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("out");
    }),
  );
});

describe.each(MORE)("%s", (signal) => {
  test.concurrent(
    "while opening from a pipe to a file",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big; seal -q big --to server.pub --sign master.key");
      const running = program(box, "open", ["-", "--key", "server.key", "-o", "out"]);
      running.child.stdin!.write(readFileSync(join(box.dir, "big.sealed")).subarray(0, 5_000_000));
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(128 + constants.signals[signal]);
      expect(readdirSync(box.dir)).not.toContain("out");
      expect((await running.ended).stderr).toMatch(`interrupted by ${signal}`);
    }),
  );
});

describe("SIGHUP, where it was to be ignored,", () => {
  test.concurrent.each([
    ["as the parent does", { stdin: "pipe", before: 'trap "" HUP; ' }],
    ["as nohup has it, which gives a standard input that cannot be read", { stdin: "/dev/null", before: "" }],
  ] as const)(
    "ends nothing: %s",
    inSandbox(async (box, _who: string, { stdin, before }: { stdin: string; before: string }) => {
      execFileSync("mkfifo", ["fifo"], { cwd: box.dir });
      const script = `${before}$NODE $TREE/bin/seal.js fifo --to alice.pub --unsigned -q -o out & echo $! > pid; wait $!`;
      const redirected = stdin === "pipe" ? script : script.replace("-o out", "-o out 0> /dev/null");
      const ended = sh(box, redirected);
      const fifo = await open(join(box.dir, "fifo"), "w");
      await fifo.write(Buffer.alloc(5_000_000));
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      process.kill(Number(readFileSync(join(box.dir, "pid"), "utf8")), "SIGHUP");
      await settled();
      await fifo.close();
      expect(await ended).toMatchObject({ status: 0, stderr: "" });
      expect(readdirSync(box.dir)).toContain("out");
    }),
  );
});

describe("SIGUSR1", () => {
  test.concurrent(
    "is answered by how far the work is, which goes on",
    inSandbox(async (box) => {
      const running = program(box, "seal", ["-", "--to", "alice.pub", "--unsigned", "-q", "-o", "out"]);
      running.child.stdin!.write(Buffer.alloc(9_000_000));
      await until(temporaryIn(box.dir, 8_000_000), "the second chunk");
      let said = "";
      running.child.stderr!.on("data", (text) => {
        said += text;
      });
      await until(() => running.child.kill("SIGUSR1") && / MB, /.test(said), "an answer that knows of the first chunk");
      running.child.stdin!.end();
      const { status, stderr } = await running.ended;
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: expect.stringMatching(/^(seal: standard input: \d[\d.]* MB(, \d.*\/s)?\n)+$/),
      });
    }),
  );

  test.concurrent(
    "is not answered under --json",
    inSandbox(async (box) => {
      const running = program(box, "seal", ["-", "--to", "alice.pub", "--unsigned", "--json", "-o", "out"]);
      running.child.stdin!.write(Buffer.alloc(5_000_000));
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      running.child.kill("SIGUSR1");
      await settled();
      running.child.stdin!.end();
      expect(await running.ended).toMatchObject({ status: 0, stderr: "" });
    }),
  );

  test.skipIf(process.platform !== "linux").concurrent(
    "opens no debugger, not even one that would be gone again, once the program listens",
    inSandbox(async (box) => {
      const running = start(box, process.execPath, ["--inspect-port=127.0.0.1:0", ...OPENING]);
      await until(() => (caughtBy(running) & SIGQUIT_BIT) !== 0, "the program's handlers");
      for (let i = 0; i < 20; i++) running.child.kill("SIGUSR1");
      await settled();
      running.child.stdin!.end();
      expect((await running.ended).stderr).not.toMatch(/debugger/i);
    }),
  );

  test.skipIf(process.platform !== "linux").concurrent(
    "leaves no debugger open, however early it comes",
    inSandbox(async (box) => {
      const running = start(box, process.execPath, ["--inspect-port=127.0.0.1:0", ...OPENING]);
      // Before that, it would just end.
      await until(() => (caughtBy(running) & SIGUSR1_BIT) !== 0, "Node's own handler");
      const shoot = setInterval(() => running.child.kill("SIGUSR1"), 1);
      await until(() => (caughtBy(running) & SIGQUIT_BIT) !== 0, "the program's handlers");
      clearInterval(shoot);
      await until(() => listeningPorts(running.child.pid!).length === 0, "no debugger");
      await settled();
      expect(listeningPorts(running.child.pid!)).toEqual([]);
      running.child.stdin!.end();
      await running.ended;
    }),
  );
});

/** Signals that a process catches, the lowest 28 of them. */
function caughtBy({ child }: Running): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number.parseInt(/^SigCgt:\s*[0-9a-f]*([0-9a-f]{7})$/m.exec(status)![1]!, 16);
}

const SIGUSR1_BIT = 1 << (constants.signals.SIGUSR1 - 1);
const SIGQUIT_BIT = 1 << (constants.signals.SIGQUIT - 1);

const OPENING = [join(TREE, "bin/open.js"), "-", "--key", "server.key", "-o", "out"];

describe.skipIf(process.platform !== "linux")("a debugger", () => {
  test.concurrent(
    "that NODE_OPTIONS asks for is closed before a key is read",
    inSandbox(async (box) => {
      const running = start(box, process.execPath, OPENING, { NODE_OPTIONS: "--inspect=127.0.0.1:0" });
      let said = "";
      running.child.stderr!.on("data", (text) => {
        said += text;
      });
      await until(() => said.includes("listening"), "the debugger");
      await until(() => listeningPorts(running.child.pid!).length === 0, "the debugger's end");
      running.child.stdin!.end();
      expect((await running.ended).stderr).toMatch(/Debugger listening/);
    }),
  );

  test.concurrent(
    "that the command line asks for stays",
    inSandbox(async (box) => {
      const running = start(box, process.execPath, ["--inspect=127.0.0.1:0", ...OPENING]);
      // It lives, and has come to its work: what comes is no text.
      running.child.stdin!.write("s");
      await until(temporaryIn(box.dir), "its output");
      expect(listeningPorts(running.child.pid!)).toHaveLength(1);
      running.child.stdin!.end();
      await running.ended;
    }),
  );
});

describe("a profiler", () => {
  test.concurrent(
    "that the command line asks for, sends SIGPROF for every sample: they end nothing",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big");
      const sealing = [join(TREE, "bin/seal.js"), "big", "--to", "server.pub", "--unsigned"];
      const running = start(box, process.execPath, ["--cpu-prof", "--cpu-prof-dir=profiles", ...sealing]);
      expect(await running.ended).toMatchObject({ status: 0 });
      expect(readdirSync(join(box.dir, "profiles"))).not.toEqual([]);
    }),
  );
});

/** Ports on which a process listens, as the kernel has it. */
function listeningPorts(pid: number): number[] {
  const descriptors = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && descriptors.includes(`socket:[${inode}]`))
    .map(([, local]) => Number.parseInt(local!.split(":")[1]!, 16));
}
