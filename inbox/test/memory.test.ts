// What a thief finds in the memory of the service after a record was acknowledged. On Linux, where one process can read another's.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeSite, type Served, serve } from "./program.js";

const GC = fileURLToPath(new URL("gc-on-signal.js", import.meta.url));

test.runIf(process.platform === "linux")(
  "an acknowledged record is nowhere in the memory of the service once the next requests have come",
  async () => {
    const site = await makeSite();
    const served = await serve(site, [], ["--expose-gc", "--import", GC]);
    // A record under way is there: the search can find one.
    const open = randomBytes(400).toString("hex");
    const stop = sendHalf(served, open);
    await until(() => isInMemory(served.child.pid!, Buffer.from(open)));
    stop();

    const small = randomBytes(32).toString("hex");
    const large = randomBytes(60_000).toString("hex");
    const lines = Array.from({ length: 50 }, () => randomBytes(32).toString("hex"));
    expect((await served.post(small, { "idempotency-key": randomBytes(16).toString("hex") })).status).toBe(201);
    expect((await served.post(large)).status).toBe(201);
    expect((await served.post(lines.join("\n"), { "content-type": "application/x-ndjson" })).status).toBe(201);
    // What the system's buffers hold is overwritten by what comes next, not by us.
    for (let i = 0; i < 5; i++) expect((await served.post(Buffer.alloc(90_000, 1))).status).toBe(201);
    await collect(served);
    const secrets = [small, large.slice(0, 64), large.slice(60_000, 60_064), large.slice(-64), lines[0]!, lines[49]!];
    const found = secrets.map((text) => isInMemory(served.child.pid!, Buffer.from(text)));
    expect(found).toEqual(secrets.map(() => false));
  },
);

/** A request of which the body does not end, until it is stopped. */
function sendHalf({ post }: Served, text: string): () => void {
  const controller = new AbortController();
  const body = new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from(text)) });
  post(body as never, {}, controller.signal).catch(() => undefined);
  return () => controller.abort();
}

async function collect({ child, log }: Served): Promise<void> {
  const count = () => log().split("collected").length;
  for (let i = 0; i < 2; i++) {
    const before = count();
    child.kill("SIGUSR2");
    await until(() => count() > before);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const WINDOW = 16 * 1024 * 1024;

/** Whether the bytes are anywhere in what a process can write to. */
function isInMemory(pid: number, bytes: Buffer): boolean {
  const maps = readFileSync(`/proc/${pid}/maps`, "latin1").matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm);
  const fd = openSync(`/proc/${pid}/mem`, "r");
  const window = Buffer.alloc(WINDOW);
  const read = (at: number, length: number) => {
    try {
      return window.subarray(0, readSync(fd, window, 0, length, at));
    } catch {
      // A region that is the kernel's, or has gone.
      return Buffer.alloc(0);
    }
  };
  try {
    for (const [, from, to] of maps) {
      const end = Number.parseInt(to!, 16);
      for (let at = Number.parseInt(from!, 16); at < end; at += WINDOW - bytes.length) {
        if (read(at, Math.min(WINDOW, end - at)).includes(bytes)) return true;
      }
    }
    return false;
  } finally {
    closeSync(fd);
  }
}
