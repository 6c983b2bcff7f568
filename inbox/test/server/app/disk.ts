import { SealError } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { logged } from "../../log.js";
import { startService } from "../../service.js";
import { diskError, KEY, problemOf, start } from "./shared.js";

describe("the disk", () => {
  test("is slow: what waits is bounded, and so is what is taken in", async () => {
    const { post, disk } = await start({ maxQueued: 10 });
    disk.queuedBytes = 11;
    const queued = await post("x");
    expect([queued.status, await problemOf(queued), queued.headers.get("retry-after")]).toEqual([503, "busy", "1"]);
    const { post: second } = await start({ maxBody: 100, maxHeld: 50 });
    const held = await second(Buffer.alloc(51));
    expect([held.status, await problemOf(held), held.headers.get("retry-after")]).toEqual([503, "busy", "1"]);
    expect((await second(Buffer.alloc(50))).status).toBe(201);
  });

  test("fails, and is well again", async () => {
    const { post, disk, url, log } = await start();
    disk.failure = disk.failure ?? new SealError("io", "cannot write: EIO");
    const failed = await post("x");
    expect([failed.status, await problemOf(failed), failed.headers.get("retry-after")]).toEqual([503, "storage", "5"]);
    const health = await fetch(`${url}/health`);
    expect([health.status, await problemOf(health)]).toEqual([503, "storage"]);
    await logged(log, "cannot write: EIO");
    disk.failure = null;
    expect((await post("x")).status).toBe(201);
    for (const path of ["/health", "/readyz"])
      expect(await (await fetch(`${url}${path}`)).json()).toEqual({ status: "ok" });
  });

  test("is full", async () => {
    const running = await start();
    running.disk.failure = diskError("ENOSPC");
    const full = await running.post("x");
    expect([full.status, await problemOf(full), full.headers.get("retry-after")]).toEqual([507, "full", "5"]);
  });

  test("has no descriptor left", async () => {
    const running = await start();
    running.disk.failure = diskError("EMFILE");
    const refused = await running.post("x");
    expect([refused.status, await problemOf(refused)]).toEqual([503, "too-many-open"]);
  });

  test("belongs to another writer now: the inbox is opened anew before anything else is done with it", async () => {
    const { post, disk } = await start();
    disk.failure = new SealError("fenced", "another writer has taken over the journal");
    const fenced = await post("x", { "idempotency-key": KEY });
    expect([fenced.status, await problemOf(fenced)]).toEqual([503, "fenced"]);
    disk.failure = null;
    expect(disk.opened).toBe(1);
    expect((await post("x", { "idempotency-key": KEY })).status).toBe(201);
    expect([disk.opened, disk.closed]).toEqual([2, 1]);
  });

  test("holds a journal that is not in order", async () => {
    const refuse = async () => {
      throw new SealError("tampered", "the journal does not continue its cursor");
    };
    const { post, get, events, service } = await startService(refuse);
    for (const ask of [post("x"), get()]) {
      const response = await ask;
      expect([response.status, await problemOf(response)]).toEqual([503, "refused"]);
    }
    await service.inboxes.close();
    expect(events).toMatchObject([{ is: "failed", inbox: "till", error: { code: "tampered" } }]);
  });

  test("a bug is told as one, and no more of it than where it is", async () => {
    const { post, disk, log } = await start();
    disk.failure = new TypeError("the record was: x-secret-x");
    const response = await post("x");
    expect([response.status, await problemOf(response)]).toEqual([500, "internal"]);
    await logged(log, "TypeError");
    await logged(log, '"msg":"request"');
    expect(log.join("")).not.toContain("x-secret-x");
  });
});
