import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { holdLock, locked } from "../../src/io/lock.js";
import { failure } from "../support.js";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "seal-lock-"));
  path = join(dir, "contacts");
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The name of the lock file of this very process. */
async function ownName(): Promise<string> {
  return locked(path, undefined, async () => readdirSync(dir).find((name) => name.startsWith(".contacts.lock."))!);
}

describe("the lock", () => {
  it("lets one in at a time, and all in the end", async () => {
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

  it("gives back what the work gives, and is free after a failure", async () => {
    expect(await locked(path, undefined, async () => 7)).toBe(7);
    await expect(locked(path, undefined, () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(await locked(path, undefined, async () => 8, 0)).toBe(8);
  });

  it("is an io error where it stays held, and names the file to remove", async () => {
    await locked(path, undefined, async () => {
      const started = performance.now();
      const error = await failure(locked(path, undefined, async () => 0, 100));
      expect(error.code).toBe("io");
      expect(error.hint).toContain(join(dir, readdirSync(dir)[0]!));
      expect(performance.now() - started).toBeGreaterThan(100);
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("ends the wait in time where the clock goes back, and not before where it goes on", async () => {
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

  it("ends the wait with the signal", async () => {
    const controller = new AbortController();
    await locked(path, undefined, async () => {
      const waiting = locked(path, controller.signal, async () => 0);
      controller.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
    });
  });

  it.runIf(process.platform === "linux").each([
    ["a process that has ended", (own: string) => own.replace(`.${process.pid}.`, ".4194304.")],
    ["another process that got the same number", (own: string) => own.replace(/(\.\d+)\.\d+\./, "$1.17.")],
  ])("does not heed the file of %s", async (_what, rename) => {
    writeFileSync(join(dir, rename(await ownName())), "");
    expect(await locked(path, undefined, async () => 1, 0)).toBe(1);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("heeds the file of another machine", async () => {
    writeFileSync(join(dir, `${(await ownName()).replace(`.${process.pid}.`, ".4194304.")}-other`), "");
    expect((await failure(locked(path, undefined, async () => 1, 50))).code).toBe("io");
    expect(readdirSync(dir)).toHaveLength(1);
  });

  it("is another one for another name", async () => {
    await locked(path, undefined, () => locked(`${path}2`, undefined, async () => 1, 0));
    await locked(`${path}2`, undefined, () => locked(path, undefined, async () => 1, 0));
  });

  it("that is held for long is refused at once, and free when it is given back", async () => {
    const release = await holdLock(path, "the thing", undefined);
    const error = await failure(holdLock(path, "the thing", undefined));
    expect([error.code, error.message]).toEqual(["io", "the thing has a writer already"]);
    await release();
    await (await holdLock(path, "the thing", undefined))();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("goes to one of several that come for long at once", async () => {
    for (let round = 0; round < 20; round++) {
      const all = await Promise.allSettled(Array.from({ length: 5 }, () => holdLock(path, "it", undefined)));
      const held = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(held).toHaveLength(1);
      await held[0]!();
      expect(readdirSync(dir)).toEqual([]);
    }
  });
});
