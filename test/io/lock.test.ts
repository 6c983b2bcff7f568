import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { locked, takeLock } from "../../src/io/lock/lock.js";
import { failure } from "../support.js";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "seal-lock-"));
  path = join(dir, "contacts");
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What the lock file of this very process says. */
async function ownText(): Promise<Record<string, unknown>> {
  return locked(path, undefined, async () => JSON.parse(readFileSync(join(dir, lockFiles()[0]!), "utf8")));
}

function lockFiles(): string[] {
  return readdirSync(dir).filter((name) => name.startsWith(".contacts.lock."));
}

/** Puts a lock file there that somebody might have left; its path. */
async function leave(changes: Record<string, unknown>): Promise<string> {
  const own = await ownText();
  const name = join(dir, ".contacts.lock.0123456789abcdef");
  writeFileSync(name, "");
  writeFileSync(name, JSON.stringify({ ...own, inode: String(statSync(name).ino), ...changes }));
  return name;
}

describe("the lock", () => {
  test("lets one in at a time, and all in the end", async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await setTimeout(Math.random() * 3);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 40 }, () => locked(path, undefined, work, 60_000)));
    expect(most).toBe(1);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("gives back what the work gives, and is free after a failure", async () => {
    expect(await locked(path, undefined, async () => 7)).toBe(7);
    await expect(locked(path, undefined, () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(await locked(path, undefined, async () => 8, 0)).toBe(8);
  });

  test("is an io error where it stays held, and says by whom", async () => {
    await locked(path, undefined, async () => {
      const started = performance.now();
      const error = await failure(locked(path, undefined, async () => 0, 100));
      expect(error.code).toBe("io");
      expect(error.hint).toContain(`process ${process.pid} on ${hostname()}`);
      expect(performance.now() - started).toBeGreaterThan(100);
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("ends the wait in time where the clock goes back, and not before where it goes on", async () => {
    await locked(path, undefined, async () => {
      for (const step of [-3_600_000, 3_600_000]) {
        let now = Date.now();
        const clock = vi.spyOn(Date, "now").mockImplementation(() => {
          now += step;
          return now;
        });
        const started = performance.now();
        expect((await failure(locked(path, undefined, async () => 0, 100))).code).toBe("io");
        expect(performance.now() - started).toBeGreaterThan(100);
        clock.mockRestore();
      }
    });
  });

  test("ends the wait with the signal", async () => {
    const controller = new AbortController();
    await locked(path, undefined, async () => {
      const waiting = locked(path, controller.signal, async () => 0);
      controller.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
    });
  });

  describe.runIf(process.platform === "linux")("of one that is not known to live", () => {
    const elsewhere = { boot: "00000000-0000-0000-0000-000000000000", local: false };

    test("is refused while it gives signs of life", async () => {
      const name = await leave(elsewhere);
      const timer = setInterval(() => writeFileSync(name, `${readFileSync(name, "utf8")} `), 30);
      const error = await failure(takeLock(path, { name: "it", silence: 2000 }).finally(() => clearInterval(timer)));
      expect([error.code, error.message]).toEqual(["io", "it already has a writer"]);
      expect(lockFiles()).toHaveLength(1);
    });

    test("is taken when it has given none for a while: it is presumed gone, and that is told", async () => {
      await leave(elsewhere);
      const notes: string[] = [];
      const held = await takeLock(path, { name: "it", silence: 1500, note: (text) => notes.push(text) });
      expect([[...held.dead], lockFiles()]).toEqual([[], [`.contacts.lock.${held.id}`]]);
      expect(notes).toEqual([expect.stringContaining("waiting for a sign of life")]);
      await held.release();
      expect(readdirSync(dir)).toEqual([]);
    });

    test("is taken at once where it is a copy, but not as that of one known to be dead", async () => {
      const { inode } = await ownText();
      await leave({ ...elsewhere, inode: "1" });
      const began = performance.now();
      const held = await takeLock(path, { name: "it", silence: 1500 });
      expect([[...held.dead], lockFiles()]).toEqual([[], [`.contacts.lock.${held.id}`]]);
      // Where files are not known to keep their numbers, nothing says that it is one.
      expect(performance.now() - began < 1500).toBe(inode !== null);
      await held.release();
    });

    test("is dead where the kernel has ended that had the file system to itself", async () => {
      const { local } = await ownText();
      await leave({ ...elsewhere, local: true });
      const held = await takeLock(path, { name: "it", silence: 100 });
      expect([...held.dead]).toEqual(local ? ["0123456789abcdef"] : []);
      await held.release();
    });

    test("is waited for where its file says nothing", async () => {
      const name = join(dir, ".contacts.lock.0123456789abcdef");
      writeFileSync(name, "");
      const held = await takeLock(path, { name: "it", silence: 300 });
      expect([[...held.dead], lockFiles()]).toEqual([[], [`.contacts.lock.${held.id}`]]);
      await held.release();
    });

    test("is dead at once where its file says nothing, and its socket that nobody is there", async () => {
      const { local } = await ownText();
      const name = join(dir, ".contacts.lock.0123456789abcdef");
      const socket = join(dir, ".seal-0123456789abcdef.lock");
      const listen = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
      spawnSync(process.execPath, ["-e", listen, socket]);
      writeFileSync(name, "");
      const held = await takeLock(path, { name: "it", silence: 100 });
      expect([...held.dead]).toEqual(local ? ["0123456789abcdef"] : []);
      await held.release();
      expect(readdirSync(dir)).toEqual([]);
    });

    test("that was removed by hand is known to be lost", async () => {
      const held = await takeLock(path, { name: "it" });
      expect(held.isThere()).toBe(true);
      for (const name of lockFiles()) rmSync(join(dir, name));
      expect(held.isThere()).toBe(false);
      await held.release();
    });

    test("has a socket for its owner alone, and leaves nothing behind", async () => {
      const held = await takeLock(path, { name: "it" });
      const sockets = readdirSync(dir).filter((name) => statSync(join(dir, name)).isSocket());
      expect(sockets).toEqual([`.seal-${held.id}.lock`]);
      expect(readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([0o600, 0o600]);
      await held.release();
      expect(readdirSync(dir)).toEqual([]);
    });

    test("is as good in a directory with a long name", async () => {
      const deep = join(dir, "d".repeat(200), "e".repeat(200));
      mkdirSync(deep, { recursive: true });
      const held = await takeLock(join(deep, "contacts"), { name: "it" });
      expect(readdirSync(deep)).toContain(`.seal-${held.id}.lock`);
      expect((await failure(takeLock(join(deep, "contacts"), { name: "it", silence: 0 }))).code).toBe("io");
      await held.release();
      expect(readdirSync(deep)).toEqual([]);
    });
  });

  test("is another one for another name", async () => {
    await locked(path, undefined, () => locked(`${path}2`, undefined, async () => 1, 0));
    await locked(`${path}2`, undefined, () => locked(path, undefined, async () => 1, 0));
  });

  test("that is held for long is refused at once, and free when it is given back", async () => {
    const held = await takeLock(path, { name: "the thing" });
    const error = await failure(takeLock(path, { name: "the thing" }));
    expect([error.code, error.message]).toEqual(["io", "the thing already has a writer"]);
    await held.release();
    await (await takeLock(path, { name: "the thing" })).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("goes to one of several that come for long at once", async () => {
    for (let round = 0; round < 20; round++) {
      const all = await Promise.allSettled(Array.from({ length: 5 }, () => takeLock(path, { name: "it" })));
      const held = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(held).toHaveLength(1);
      await held[0]!.release();
      expect(readdirSync(dir)).toEqual([]);
    }
  });
});
