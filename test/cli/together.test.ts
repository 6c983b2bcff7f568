// Two programs that write the same output, and a directory that goes away: what has a name is whole, and one of the
// two.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serving, site } from "../io/server.js";
import { Outcomes, rounds, timeFor } from "./rounds.js";
import { inSandbox, program, type Running, type Sandbox, sh, start, temporaryIn, until } from "./sandbox.js";

const ROUNDS = rounds(1);
const SEAL = ["big", "--to", "server.pub", "--sign", "master.key", "-q", "-o", "out"];
const OPEN = ["big.sealed", "--key", "server.key", "-q", "-o", "out"];
const OPENS = "open out --key server.key -q -o - | cmp big -";

interface Two {
  start(box: Sandbox): readonly [Running, Running];
  readonly statuses: readonly (readonly [number, number])[];
  /** Says nothing where the output is whole. */
  readonly check: string;
}

const twice = (name: "seal" | "open", args: readonly string[]) => (box: Sandbox) =>
  [program(box, name, args), program(box, name, args)] as const;
const REWRAP = ["rewrap", "big.sealed", "--key", "server.key", "--sign", "master.key", "-q", "--to", "server.pub"];

const TWO: Readonly<Record<string, Two>> = {
  seal: { start: twice("seal", SEAL), statuses: [[0, 2]], check: OPENS },
  "seal --force": { start: twice("seal", [...SEAL, "--force"]), statuses: [[0, 0]], check: OPENS },
  open: { start: twice("open", OPEN), statuses: [[0, 2]], check: "cmp big out" },
  "open --force": { start: twice("open", [...OPEN, "--force"]), statuses: [[0, 0]], check: "cmp big out" },
  // Whoever comes second finds the file gone that it began with.
  "rewrap in place": {
    start: (box) => [program(box, "seal", REWRAP), program(box, "seal", [...REWRAP, "--to", "alice.pub"])],
    statuses: [
      [0, 0],
      [0, 3],
    ],
    check: "open big.sealed --key server.key -q -o - | cmp big -",
  },
};

describe("two at once", () => {
  test.each(Object.entries(TWO))(
    "%s",
    inSandbox(async (box, name: string, { start, statuses, check }: Two) => {
      await sh(box, "head -c 6000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key");
      const outcomes = new Outcomes();
      for (let round = 0; round < ROUNDS; round++) {
        const ended = await Promise.all(start(box).map((running) => running.ended));
        const both = ended.map(({ status }) => status).toSorted();
        expect(statuses, ended.map(({ stderr }) => stderr).join("")).toContainEqual(both);
        for (const { status, stderr } of ended) expect(stderr).toMatch(status === 0 ? /^$/ : /^seal: error: /);
        expect(await sh(box, check)).toEqual({ status: 0, stdout: "", stderr: "" });
        rmSync(join(box.dir, "out"), { force: true });
        outcomes.add(both.join(" and "));
      }
      outcomes.tell(name);
    }),
    timeFor(ROUNDS),
  );
});

describe("a directory that goes away", () => {
  const GONE: readonly (readonly [string, (box: Sandbox) => void])[] = [
    ["is removed", (box) => rmSync(join(box.dir, "d"), { recursive: true })],
    [
      "is removed and made anew",
      (box) => {
        rmSync(join(box.dir, "d"), { recursive: true });
        mkdirSync(join(box.dir, "d"));
      },
    ],
    [
      "is replaced by a file",
      (box) => {
        rmSync(join(box.dir, "d"), { recursive: true });
        renameSync(join(box.dir, "plan.txt"), join(box.dir, "d"));
      },
    ],
  ];

  /** Nothing is in it, if it is there. */
  const isEmpty = (box: Sandbox) =>
    !existsSync(join(box.dir, "d")) || readFileOrNames(join(box.dir, "d")) === "" || "something is there";

  test.concurrent.each(GONE.flatMap(([what, go]) => ["", "--force"].map((force) => [what, force, go] as const)))(
    "%s while a pipe is sealed into it %s",
    inSandbox(async (box, _what: string, force: string, go: (box: Sandbox) => void) => {
      mkdirSync(join(box.dir, "d"));
      const more = force ? [force] : [];
      const running = program(box, "seal", ["-", "--to", "alice.pub", "--unsigned", "-o", "d/out", "--json", ...more]);
      running.child.stdin!.write(Buffer.alloc(5_000_000));
      await until(temporaryIn(join(box.dir, "d"), 4_000_000), "the first chunk");
      go(box);
      running.child.stdin!.end();
      const { status, stdout } = await running.ended;
      expect(JSON.parse(stdout)).toMatchObject({
        ok: false,
        code: "io",
        exit: 3,
        message: expect.stringMatching(/d\/out/),
      });
      expect([status, isEmpty(box)]).toEqual([3, true]);
    }),
  );

  test.concurrent(
    "is removed while a download is opened into it, to be gone on with",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key; mkdir d");
      const server = await site(serving(readFileSync(join(box.dir, "big.sealed")), { pause: 3 }));
      const args = [`${server.url}/big.sealed`, "--key", "server.key", "-q", "-o", "d/out", "--resume"];
      const running = program(box, "open", args);
      const hasBegun = () =>
        readdirSync(join(box.dir, "d")).some((name) => statSync(join(box.dir, "d", name)).size > 0);
      await until(hasBegun, "the first chunk");
      rmSync(join(box.dir, "d"), { recursive: true });
      const { status, stderr } = await running.ended;
      await server.close();
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr: expect.stringMatching(/^seal: error: .*d\/.*removed or replaced/),
      });
      expect(stderr).not.toMatch(/kept/);
      expect(existsSync(join(box.dir, "d"))).toBe(false);
    }),
  );

  test.concurrent(
    "is where the program was started",
    inSandbox(async (box) => {
      await sh(box, "mkdir d; cp alice.pub d");
      const running = start(box, "sh", ["-c", "cd d && exec seal - --to alice.pub --unsigned -q -o out"]);
      running.child.stdin!.write(Buffer.alloc(5_000_000));
      await until(temporaryIn(join(box.dir, "d"), 4_000_000), "the first chunk");
      rmSync(join(box.dir, "d"), { recursive: true });
      running.child.stdin!.end();
      const { status, stderr } = await running.ended;
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/^seal: error: .*no such file/) });
    }),
  );
});

function readFileOrNames(path: string): string {
  try {
    return readdirSync(path).join(" ");
  } catch {
    return readFileSync(path, "utf8").replace("for alice\n", "");
  }
}
