// SIGKILL at random moments while a journal is shortened: it is the old one or the new one, and can be gone on with.
// SEAL_KILL_ROUNDS sets how often.

import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inSandbox, program, sh } from "./sandbox.js";

const ROUNDS = Number(process.env.SEAL_KILL_ROUNDS ?? 8);
const APPEND = "seal journal append j --to alice.pub --sign master.key -q";

test(
  "journal drop, killed",
  inSandbox(async (box) => {
    const at = (name: string) => join(box.dir, name);
    writeFileSync(at("lines"), `${"x".repeat(999_999)}\n`.repeat(30));
    const made = await sh(
      box,
      `${APPEND} < lines && seal journal read j --key alice.key --from master.pub --cursor c -q -o picked && ${APPEND} < lines`,
    );
    expect(made.status, made.stderr).toBe(0);
    const whole = statSync(at("j")).size;
    copyFileSync(at("j"), at("whole"));
    const sizes = new Set<number>();
    for (let round = 0; round < ROUNDS; round++) {
      copyFileSync(at("whole"), at("j"));
      const { child, ended } = program(box, "seal", [
        ...["journal", "drop", "j", "--before-cursor", "c", "--sign", "master.key", "-q"],
      ]);
      setTimeout(() => child.kill("SIGKILL"), 150 + Math.random() * 700);
      await ended;
      const { size } = statSync(at("j"));
      sizes.add(size);
      expect(size === whole || size < 0.6 * whole, `${size} of ${whole} bytes`).toBe(true);
      expect(await sh(box, "seal journal verify j --from master.pub -q > /dev/null")).toMatchObject({ status: 0 });
    }
    const done = await sh(
      box,
      `seal journal drop j --before-cursor c --sign master.key -q; echo after | ${APPEND} && seal journal read j --key alice.key --from master.pub --cursor c -q | tail -c 6`,
    );
    expect(done.status, done.stderr).toBe(0);
    expect(readFileSync(at("j")).length).toBeLessThan(0.6 * whole);
    expect(done.stdout).toContain("after");
    await sh(box, "rm -f .seal-*.tmp");
  }),
  60_000 + 5000 * ROUNDS,
);
