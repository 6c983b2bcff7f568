// A clock that jumps while the program works: by a year and back, each time that it is looked at. Nothing waits longer
// or shorter for it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { locked } from "../../src/io/lock/lock.js";
import { serving, site } from "../io/server.js";
import { inSandbox, program, type Sandbox, sh } from "./sandbox.js";

const YEAR = 365 * 86_400_000;

const JUMPING = `
const now = Date.now;
let looks = 0;
Date.now = () => now() + (looks++ % 2 ? 1 : -1) * ${YEAR};
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length > 0 ? args : [Date.now()]));
  }
};
`;

/** The environment in which the clock jumps. */
function jumping(box: Sandbox): Record<string, string> {
  const path = join(box.dir, ".bin", "jumping.mjs");
  writeFileSync(path, JUMPING);
  return { NODE_OPTIONS: `--import=${path}` };
}

describe("a clock that jumps", () => {
  test.concurrent(
    "does nothing to sealing and opening but to the time that is told",
    inSandbox(async (box) => {
      const env = jumping(box);
      await sh(box, "head -c 17000000 /dev/urandom > big");
      const sealing = await sh(box, "seal big --to server.pub --sign master.key --json", env);
      const apart = Math.abs(Date.parse(JSON.parse(sealing.stdout).sealedAt) - Date.now());
      expect([sealing.status, Math.round(apart / YEAR)]).toEqual([0, 1]);
      const { status, stdout } = await sh(box, "open big.sealed --key server.key --json -o out", env);
      const { seconds } = JSON.parse(stdout);
      expect([status, (await sh(box, "cmp big out")).status]).toEqual([0, 0]);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(3600);
    }),
  );

  test.concurrent(
    "does nothing to a download that breaks and stalls, nor to what is gone on with",
    inSandbox(async (box) => {
      const env = jumping(box);
      await sh(box, "head -c 9000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key");
      const sealed = readFileSync(join(box.dir, "big.sealed"));
      const server = await site(
        serving(sealed, { drops: [1_000_000, 0, 3_000_000], statuses: [undefined, 503], pause: 1 }),
      );
      const args = [`${server.url}/big.sealed`, "--key", "server.key", "-q", "--resume", "-o", "out"];
      const { status, stderr } = await program(box, "open", args, env).ended;
      await server.close();
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(readFileSync(join(box.dir, "out")).equals(readFileSync(join(box.dir, "big")))).toBe(true);
      expect(server.served).toBeLessThan(sealed.length + 2_000_000);
    }),
  );

  test.concurrent(
    "does not end the wait for a lock",
    inSandbox(async (box) => {
      const env = jumping(box);
      await sh(box, "seal contacts add -q alice alice.pub");
      const waiting = await locked(join(box.dir, "home", "contacts"), undefined, async () => {
        const running = program(box, "seal", ["contacts", "add", "bob", "bob.pub", "-q"], env);
        await sleep(1500);
        expect(running.child.exitCode).toBe(null);
        return running;
      });
      expect(await waiting.ended).toMatchObject({ status: 0, stderr: "" });
    }),
  );
});
