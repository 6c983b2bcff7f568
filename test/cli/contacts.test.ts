// Many who change the contacts at once, and what a kill leaves.

import { existsSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { locked } from "../../src/io/lock/lock.js";
import { parseContacts } from "../../src/keys/contacts.js";
import { IS_WHOLE, oneIn } from "../whole.js";
import { Outcomes, rounds, timeFor } from "./rounds.js";
import { inSandbox, isTemporary, program, type Sandbox, sh } from "./sandbox.js";

oneIn(4);

const add = (box: Sandbox, name: string, ...more: string[]) =>
  program(box, "seal", ["contacts", "add", name, "alice.pub", "-q", ...more]);

const home = (box: Sandbox) => join(box.dir, "home");
const contactsOf = (box: Sandbox) => parseContacts(readFileSync(join(home(box), "contacts"), "utf8"));

const MANY = 24;
const ROUNDS = rounds(IS_WHOLE ? 30 : 8);

describe("many at once", () => {
  test(
    "lose nothing",
    inSandbox(async (box) => {
      const names = Array.from({ length: MANY }, (_, i) => `c${i}`);
      const ended = await Promise.all(names.map((name) => add(box, name).ended));
      expect(ended.map(({ status, stderr }) => `${status} ${stderr}`)).toEqual(names.map(() => "0 "));
      expect(contactsOf(box).names().toSorted()).toEqual(names.toSorted());
      expect(readdirSync(home(box))).toEqual(["contacts"]);
    }),
  );

  test(
    "of one name: one gets it",
    inSandbox(async (box) => {
      const ended = await Promise.all(Array.from({ length: 8 }, () => add(box, "same").ended));
      expect(ended.map(({ status }) => status).toSorted()).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
      expect(contactsOf(box).keysOf("same")).toHaveLength(2);
    }),
  );
});

describe("a lock that is held", () => {
  test(
    "is exit 3 after a while, and a signal ends the wait",
    inSandbox(async (box) => {
      await add(box, "first").ended;
      await locked(join(home(box), "contacts"), undefined, async () => {
        const [waiting, stopped] = [add(box, "second"), add(box, "third")];
        await setTimeout(1500);
        stopped.child.kill("SIGTERM");
        expect((await stopped.ended).status).toBe(143);
        const { status, stderr } = await waiting.ended;
        expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/contacts is being changed/) });
      });
      expect(contactsOf(box).names()).toEqual(["first"]);
      expect((await sh(box, "seal contacts list -q")).status).toBe(0);
    }),
  );
});

describe("kill -9 while adding", () => {
  test(
    `leaves the old contacts or the new, ${ROUNDS} times`,
    inSandbox(async (box) => {
      const begun = performance.now();
      await add(box, "first").ended;
      const whole = performance.now() - begun;
      const outcomes = new Outcomes();
      for (let round = 0; round < ROUNDS; round++) {
        const before = contactsOf(box).names();
        const { child, ended } = add(box, `c${round}`);
        // A quarter at any time, the others when there is a lock, when the new file is being written, and when it has
        // its name.
        const isOver = () => child.exitCode !== null;
        if (round % 4 === 0) await setTimeout(Math.random() * 1.3 * whole);
        else await becomes(box, round % 4 === 1 ? /\.lock\./ : /\.tmp$/, true, isOver);
        if (round % 4 === 3) await becomes(box, /\.tmp$/, false, isOver);
        child.kill("SIGKILL");
        await ended;
        const after = contactsOf(box).names();
        expect([before, [...before, `c${round}`]]).toContainEqual(after);
        outcomes.add(after.length > before.length ? "new" : "old");
      }
      // Whatever locks were left, the next one gets on.
      expect((await add(box, "last").ended).status).toBe(0);
      expect(outcomes.count("old")).toBeGreaterThan(0);
      outcomes.tell("contacts add");
      // A kill may leave a temporary file, or a socket that has no lock yet: names that nobody looks for.
      const mayStay = (name: string) => isTemporary(name) || /^\.seal-[0-9a-f]{16}\.lock$/.test(name);
      for (const name of readdirSync(home(box)).filter(mayStay)) unlinkSync(join(home(box), name));
      expect(readdirSync(home(box))).toEqual(["contacts"]);
    }),
    timeFor(ROUNDS),
  );
});

/** Waits, busily, until a file of that name is there, or is not, or until it is too late. */
async function becomes(box: Sandbox, pattern: RegExp, isThere: boolean, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (existsSync(home(box)) && readdirSync(home(box)).some((name) => pattern.test(name)) === isThere) return;
    await setTimeout(0);
  }
}
