// Who owns a journal, seen from outside: containers, other kernels, locks that were removed by hand, writers that were
// stopped and wake up.

import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, inSandbox, program, type Running, type Sandbox, sh, start, TREE, until } from "./sandbox.js";

const APPEND = ["journal", "append", "j", "--to", "alice.pub", "--sign", "master.key", "--json"];
const SEAL = [process.execPath, join(TREE, "bin", "seal.js")];

/** A writer that runs, and what it has acknowledged. */
interface Writer extends Running {
  /** Sends a record, and waits for its acknowledgement. */
  append(record: string): Promise<void>;
}

function writing({ child, ended }: Running): Writer {
  let stdout = "";
  child.stdout!.on("data", (bytes) => {
    stdout += bytes;
  });
  let lines = 0;
  const append = async (record: string) => {
    child.stdin!.write(`${record}\n`);
    await until(() => stdout.split("\n").length - 1 > lines, `the acknowledgement of ${record}`);
    lines += 1;
  };
  return { child, ended, append };
}

const writer = (box: Sandbox, env = {}) => writing(program(box, "seal", APPEND, env));
const appendOnce = (box: Sandbox, record: string) =>
  sh(box, `echo ${record} | seal journal append j --to alice.pub --sign master.key --json`);
const recordsOf = async (box: Sandbox, journal = "j") =>
  (await sh(box, `seal journal read ${journal} --key alice.key --from master.pub`)).stdout.trim().split("\n");
const failed = ({ stdout }: Ended) => JSON.parse(stdout.trim().split("\n").at(-1)!);
const removeByHand = (box: Sandbox) => {
  for (const name of besides(box)) rmSync(join(box.dir, name));
};
/** The lock and its socket. */
const besides = ({ dir }: Sandbox) => readdirSync(dir).filter((name) => /^\.(j\.lock\.|seal-.*\.lock$)/.test(name));

/** Why containers cannot be played here; null where they can. */
function noContainers(): string | null {
  try {
    execFileSync("unshare", ["--pid", "--uts", "--net", "--fork", "--mount-proc", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "needs unshare(1) and the right to make namespaces";
  }
}

const container = (box: Sandbox, host: string) =>
  start(box, "unshare", [
    ...["--pid", "--uts", "--net", "--fork", "--kill-child", "--mount-proc"],
    ...["sh", "-c", `hostname ${host}; exec "$@"`, "sh", ...SEAL, ...APPEND],
  ]);

const reason = noContainers();
describe.skipIf(reason !== null)(`in containers${reason ? ` (skipped: ${reason})` : ""}`, () => {
  test(
    "a writer that was killed leaves no lock to its successor in another one, which knows that at once",
    inSandbox(async (box) => {
      const first = writing(container(box, "one"));
      await first.append("a");
      process.kill(-first.child.pid!, "SIGKILL");
      await first.ended;
      expect(besides(box)).toHaveLength(2);
      const inode = statSync(join(box.dir, "j")).ino;
      const second = writing(container(box, "two"));
      await second.append("b");
      second.child.stdin!.end();
      expect(await second.ended).toMatchObject({ status: 0, stderr: "" });
      expect(statSync(join(box.dir, "j")).ino).toBe(inode);
      expect(await recordsOf(box)).toEqual(["a", "b"]);
      expect(besides(box)).toEqual([]);
    }),
    60_000,
  );

  test(
    "a writer that lives is not taken for dead, from outside or from another one with the same process numbers",
    inSandbox(async (box) => {
      const first = writing(container(box, "one"));
      await first.append("a");
      const outside = await appendOnce(box, "x");
      const other = container(box, "one");
      other.child.stdin!.end("y\n");
      for (const ended of [outside, await other.ended]) {
        expect(ended.status).toBe(3);
        expect(failed(ended)).toMatchObject({ code: "io", message: "j already has a writer" });
        expect(failed(ended).hint).toContain(" on one, since ");
      }
      await first.append("b");
      first.child.stdin!.end();
      expect((await first.ended).status).toBe(0);
      expect(await recordsOf(box)).toEqual(["a", "b"]);
    }),
    60_000,
  );
});

test.skipIf(process.platform !== "linux")(
  "a writer that lives is not taken for a copy where files are numbered anew for each who looks",
  inSandbox(async (box) => {
    const there = { NODE_OPTIONS: `--import ${new URL("like-sshfs.js", import.meta.url)}` };
    const first = writer(box, there);
    await first.append("a");
    expect(besides(box)).toHaveLength(1);
    const second = await sh(box, "echo x | seal journal append j --to alice.pub --sign master.key --json", there);
    expect(failed(second)).toMatchObject({ code: "io", message: "j already has a writer" });
    await first.append("b");
    first.child.stdin!.end();
    expect((await first.ended).status).toBe(0);
    expect(await recordsOf(box)).toEqual(["a", "b"]);
  }),
  60_000,
);

describe("a writer that lost its journal", () => {
  test(
    "to one that came when its lock was removed by hand: acknowledges nothing more, and takes nothing away",
    inSandbox(async (box) => {
      const first = writer(box);
      await first.append("a");
      removeByHand(box);
      for (const record of ["b", "c", "d"]) expect((await appendOnce(box, record)).status).toBe(0);
      const before = readFileSync(join(box.dir, "j"));
      first.child.stdin!.end("lost\n");
      const ended = await first.ended;
      expect(ended.status).toBe(3);
      expect(failed(ended)).toMatchObject({ code: "fenced", exit: 3 });
      expect(readFileSync(join(box.dir, "j"))).toEqual(before);
      expect(await recordsOf(box)).toEqual(["a", "b", "c", "d"]);
      expect(readdirSync(box.dir).filter((name) => name.includes("tail"))).toEqual([]);
      expect((await appendOnce(box, "e")).status).toBe(0);
    }),
    60_000,
  );

  test(
    "is found alive where only its lock's file was removed",
    inSandbox(async (box) => {
      const first = writer(box);
      await first.append("a");
      rmSync(join(box.dir, besides(box).find((name) => name.startsWith(".j.lock."))!));
      expect(failed(await appendOnce(box, "x"))).toMatchObject({ code: "io", exit: 3 });
      await first.append("b");
      first.child.stdin!.end();
      expect((await first.ended).status).toBe(0);
      expect(await recordsOf(box)).toEqual(["a", "b"]);
    }),
    60_000,
  );

  test(
    "while it was stopped, to one on another machine: is fenced when it wakes, before it acknowledges",
    inSandbox(async (box) => {
      const first = writer(box);
      await first.append("a");
      first.child.kill("SIGSTOP");
      // What is asked for now is done when it wakes up.
      first.child.stdin!.write("lost\n");
      const lock = join(box.dir, besides(box).find((name) => name.startsWith(".j.lock."))!);
      const text = JSON.parse(readFileSync(lock, "utf8"));
      // As if it ran under another kernel, with the same storage.
      writeFileSync(lock, JSON.stringify({ ...text, boot: "00000000-0000-0000-0000-000000000000", local: false }));
      const inode = statSync(join(box.dir, "j")).ino;
      const second = await sh(box, "echo b | seal journal append j --to alice.pub --sign master.key");
      expect([second.status, second.stdout]).toEqual([0, "appended 1 record to j\n"]);
      expect(second.stderr).toContain("waiting for a sign of life");
      expect(second.stderr).toContain("is copied");
      expect(statSync(join(box.dir, "j")).ino).not.toBe(inode);
      first.child.kill("SIGCONT");
      first.child.stdin!.end();
      const ended = await first.ended;
      expect([ended.status, failed(ended).code]).toEqual([3, "fenced"]);
      expect(await recordsOf(box)).toEqual(["a", "b"]);
    }),
    90_000,
  );

  test(
    "is refused while it is stopped, and goes on when it wakes",
    inSandbox(async (box) => {
      const first = writer(box);
      await first.append("a");
      first.child.kill("SIGSTOP");
      expect(failed(await appendOnce(box, "x"))).toMatchObject({ code: "io", exit: 3 });
      first.child.kill("SIGCONT");
      await first.append("b");
      first.child.stdin!.end();
      expect((await first.ended).status).toBe(0);
    }),
    60_000,
  );
});

test(
  "a copy of a directory in which a writer runs can be written to at once, and the writer goes on",
  inSandbox(async (box) => {
    const first = writer(box);
    await first.append("a");
    execFileSync("cp", ["-a", box.dir, `${box.dir}-copy`]);
    const copy = { dir: `${box.dir}-copy`, env: box.env };
    // Sockets are not in every copy.
    cpSync(box.dir, `${box.dir}-bare`, { recursive: true, filter: (from) => !statSync(from).isSocket() });
    const bare = { dir: `${box.dir}-bare`, env: box.env };
    try {
      for (const there of [copy, bare]) {
        expect((await appendOnce(there, "there")).status).toBe(0);
        expect(await recordsOf(there)).toEqual(["a", "there"]);
        expect(besides(there)).toEqual([]);
      }
      await first.append("b");
      first.child.stdin!.end();
      expect((await first.ended).status).toBe(0);
      expect(await recordsOf(box)).toEqual(["a", "b"]);
    } finally {
      for (const { dir } of [copy, bare]) rmSync(dir, { recursive: true, force: true });
    }
  }),
  60_000,
);

describe("seal journal unlock", () => {
  test(
    "leaves the lock of a writer that lives alone, and says whose it is",
    inSandbox(async (box) => {
      const first = writer(box);
      await first.append("a");
      const refused = await sh(box, "seal journal unlock j --json");
      expect(refused.status).toBe(3);
      expect(failed(refused)).toMatchObject({ ok: false, code: "io", exit: 3 });
      expect(failed(refused).hint).toContain(`process ${first.child.pid} on `);
      await first.append("b");
      first.child.kill("SIGKILL");
      await first.ended;
      const unlocked = await sh(box, "seal journal unlock j --json");
      expect(JSON.parse(unlocked.stdout)).toMatchObject({
        ok: true,
        broken: true,
        holders: [{ pid: first.child.pid, known: true }],
      });
      expect(besides(box)).toEqual([]);
      expect(await sh(box, "seal journal unlock j")).toEqual({ status: 0, stdout: "j is not locked\n", stderr: "" });
      const inode = statSync(join(box.dir, "j")).ino;
      expect((await appendOnce(box, "c")).status).toBe(0);
      expect(statSync(join(box.dir, "j")).ino).toBe(inode);
      expect(await recordsOf(box)).toEqual(["a", "b", "c"]);
    }),
    60_000,
  );

  test(
    "makes nothing where there is no journal",
    inSandbox(async (box) => {
      expect((await sh(box, "seal journal unlock nothing")).status).toBe(3);
      expect(readdirSync(box.dir)).not.toContain("nothing");
    }),
  );
});
