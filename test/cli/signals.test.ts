// Ctrl-C and SIGTERM, whatever the program is doing or waiting for: 130 and 143, soon, and nothing is left.

import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inSandbox, program, type Running, sh, temporaryIn, until } from "./sandbox.js";

const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** The status after a signal, -1 where the program does not heed it within two seconds. Dying of the signal is heeding it. */
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

const REWRAP = ["--key", "alice.key", "--sign", "master.key", "--to", "bob.pub", "--to", "alice.pub"];

/** Until the program handles signals and waits for something. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 500));

describe.each(SIGNALS)("%s", (signal, status) => {
  it.concurrent(
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

  it.concurrent(
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

  it.concurrent(
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
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, code: "interrupted", exit: status });
      expect(stderr).toBe("");
    }),
  );

  it.concurrent(
    "while working through a large file",
    inSandbox(async (box) => {
      await sh(box, "truncate -s 1G huge");
      const running = program(box, "seal", ["huge", "--to", "alice.pub", "--unsigned"]);
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      expect(await statusAfter(running, signal)).toBe(status);
      expect(readdirSync(box.dir)).not.toContain("huge.sealed");
    }),
  );

  it.concurrent(
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

  it.concurrent(
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

  it.concurrent.each([
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

  it.concurrent.each([
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
