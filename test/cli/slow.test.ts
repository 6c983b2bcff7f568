// A reader that takes its time: what it does not take is not read, and memory stays what it is.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { serving, site } from "../io/server.js";
import { inSandbox, program, type Running, sh } from "./sandbox.js";

const MB = 1_000_000;
/** What Node takes, two threads, and the chunks in flight: far less than the file. */
const MOST = 320 * MB;

/** The most memory that the program has had, in bytes. */
function peakOf({ child }: Running): number {
  const [, kib] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))!;
  return 1024 * Number(kib);
}

/** Takes bytes from stdout, a piece now and then, until there were so many, or all. */
async function takeSlowly({ child }: Running, wanted: number): Promise<number> {
  const stdout = child.stdout!;
  stdout.removeAllListeners("data");
  let taken = 0;
  for await (const piece of stdout) {
    taken += (piece as Buffer).length;
    if (taken >= wanted) break;
    await sleep(2);
  }
  return taken;
}

describe.runIf(process.platform === "linux")("a slow reader", () => {
  const SIZE = 400 * MB;

  test.each([
    ["seal", ["huge", "--to", "server.pub", "--sign", "master.key", "-o", "-", "--threads", "2"]],
    ["open", ["open", "huge.sealed", "--key", "server.key", "-o", "-", "--threads", "2"]],
  ])(
    "of what %s writes",
    inSandbox(async (box, name: string, args: string[]) => {
      await sh(box, `truncate -s ${SIZE} huge`);
      if (name === "open") await sh(box, "seal -q huge --to server.pub --sign master.key");
      const running = program(box, "seal", args);
      expect(await takeSlowly(running, 24 * MB)).toBeGreaterThanOrEqual(24 * MB);
      expect(peakOf(running)).toBeLessThan(MOST);
      running.child.stdout!.destroy();
      expect((await running.ended).status).toBe(3);
    }),
  );

  test(
    "of a download: the server is not asked for what nobody takes",
    inSandbox(async (box) => {
      await sh(box, `truncate -s ${SIZE / 4} huge; seal -q huge --to server.pub --sign master.key`);
      const server = await site(serving(readFileSync(join(box.dir, "huge.sealed"))));
      const args = [`${server.url}/huge.sealed`, "--key", "server.key", "-o", "-", "--threads", "2"];
      const running = program(box, "open", args);
      expect(await takeSlowly(running, 8 * MB)).toBeGreaterThanOrEqual(8 * MB);
      expect(server.served).toBeLessThan(70 * MB);
      running.child.stdout!.destroy();
      expect((await running.ended).status).toBe(3);
      await server.close();
    }),
  );
});
