// The output while it is not whole, and what others do meanwhile.

import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inSandbox, isTemporary, program, type Sandbox, sh, start, temporaryIn, until } from "./sandbox.js";

/** Starts sealing standard input to `out`, and waits until its first chunk is on disk. */
async function sealingTo(box: Sandbox, out: string, ...more: string[]) {
  const running = program(box, "seal", ["-", "--to", "alice.pub", "--unsigned", "-q", "-o", out, ...more]);
  running.child.stdin!.write(Buffer.alloc(5_000_000));
  const temporary = await until(temporaryIn(join(join(box.dir, out), ".."), 4_000_000), "the first chunk");
  return { ...running, temporary };
}

describe("an output that is not whole yet", () => {
  test.concurrent(
    "is a temporary file beside it, 0600 whatever the umask, and the name does not exist",
    inSandbox(async (box) => {
      await sh(box, "mkdir d");
      const running = start(box, "sh", ["-c", "umask 0; exec seal - --to alice.pub --unsigned -q -o d/out"]);
      running.child.stdin!.write(Buffer.alloc(5_000_000));
      const temporary = await until(temporaryIn(join(box.dir, "d"), 4_000_000), "the first chunk");
      expect(statSync(temporary).mode & 0o777).toBe(0o600);
      expect(readdirSync(join(box.dir, "d"))).toHaveLength(1);
      running.child.stdin!.end();
      expect(await running.ended).toEqual({ status: 0, stdout: "", stderr: "" });
      expect(readdirSync(join(box.dir, "d"))).toEqual(["out"]);
      expect(statSync(join(box.dir, "d/out")).mode & 0o777).toBe(0o666);
    }),
  );

  test.concurrent(
    "has a random name, so that two may be written at once",
    inSandbox(async (box) => {
      const first = await sealingTo(box, "one");
      const second = program(box, "seal", ["-", "--to", "alice.pub", "--unsigned", "-q", "-o", "two"]);
      await until(() => readdirSync(box.dir).filter(isTemporary).length === 2, "two temporary files");
      const names = readdirSync(box.dir).filter(isTemporary);
      expect(names[0]).not.toBe(names[1]);
      first.child.stdin!.end();
      second.child.stdin!.end();
      expect([(await first.ended).status, (await second.ended).status]).toEqual([0, 0]);
    }),
  );

  test.concurrent(
    "keeps the old file in place until it is whole, with --force",
    inSandbox(async (box) => {
      writeFileSync(join(box.dir, "out"), "old");
      const { child, ended } = await sealingTo(box, "out", "--force");
      expect(readFileSync(join(box.dir, "out"), "utf8")).toBe("old");
      child.stdin!.end();
      expect((await ended).status).toBe(0);
      expect(statSync(join(box.dir, "out")).size).toBeGreaterThan(5_000_000);
    }),
  );

  test.concurrent(
    "is wiped, and the old file stays, where the input turns out broken",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/zero > big; seal -q big --to server.pub --sign master.key; echo old > out");
      const { status } = await sh(box, "head -c 6000000 big.sealed | open - --key server.key -o out --force");
      expect(status).toBe(6);
      expect(readFileSync(join(box.dir, "out"), "utf8")).toBe("old\n");
    }),
  );
});

describe("a name that comes to exist meanwhile", () => {
  test.concurrent(
    "is refused",
    inSandbox(async (box) => {
      const { child, ended } = await sealingTo(box, "out");
      writeFileSync(join(box.dir, "out"), "somebody else's");
      child.stdin!.end();
      const { status, stderr } = await ended;
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/^seal: error: .*out already exists/),
      });
      expect(readFileSync(join(box.dir, "out"), "utf8")).toBe("somebody else's");
    }),
  );

  test.concurrent(
    "is refused as a dangling symlink, too",
    inSandbox(async (box) => {
      const { child, ended } = await sealingTo(box, "out");
      symlinkSync("elsewhere", join(box.dir, "out"));
      child.stdin!.end();
      expect((await ended).status).toBe(2);
      expect(readlinkSync(join(box.dir, "out"))).toBe("elsewhere");
      expect(existsSync(join(box.dir, "elsewhere"))).toBe(false);
    }),
  );

  test.concurrent(
    "is replaced with --force, and a symlink is not followed",
    inSandbox(async (box) => {
      const { child, ended } = await sealingTo(box, "out", "--force");
      symlinkSync("plan.txt", join(box.dir, "out"));
      child.stdin!.end();
      expect((await ended).status).toBe(0);
      expect(readFileSync(join(box.dir, "plan.txt"), "utf8")).toBe("for alice\n");
      expect(() => readlinkSync(join(box.dir, "out"))).toThrow();
    }),
  );

  test.concurrent(
    "goes to one of two who want it at once",
    inSandbox(async (box) => {
      const both = [
        await sealingTo(box, "out"),
        program(box, "seal", ["plan.txt", "--to", "alice.pub", "--unsigned", "-q", "-o", "out"]),
      ];
      both[0]!.child.stdin!.end();
      const statuses = (await Promise.all(both.map(({ ended }) => ended))).map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([0, 2]);
    }),
  );
});

describe("an input that changes while it is being sealed", () => {
  test.concurrent.each([
    ["shorter", "10M"],
    ["longer", "700M"],
  ])(
    "is exit 3, and no output: %s",
    inSandbox(async (box, _what: string, size: string) => {
      await sh(box, "truncate -s 600M huge");
      const running = program(box, "seal", ["huge", "--to", "alice.pub", "--unsigned", "-q"]);
      await until(temporaryIn(box.dir, 4_000_000), "the first chunk");
      await sh(box, `truncate -s ${size} huge`);
      const { status, stderr } = await running.ended;
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr: expect.stringMatching(/^seal: error: .*(shorter|changed)/),
      });
      expect(existsSync(join(box.dir, "huge.sealed"))).toBe(false);
    }),
  );
});

describe("opening a stream", () => {
  test.concurrent(
    "releases each chunk as soon as it has been checked, and not before",
    inSandbox(async (box) => {
      await sh(box, "head -c 9000000 /dev/urandom > big; seal -q big --to server.pub --sign master.key");
      const sealed = readFileSync(join(box.dir, "big.sealed"));
      const running = program(box, "open", ["-", "--key", "server.key", "-q", "-o", "-"]);
      let released = 0;
      running.child.stdout!.on("data", (bytes: Buffer) => {
        released += bytes.length;
      });
      running.child.stdin!.write(sealed.subarray(0, 4_194_304 + 300));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(released).toBe(0);
      running.child.stdin!.write(sealed.subarray(4_194_304 + 300, 4_194_304 + 1000));
      await until(() => released === 4_194_304, "the first chunk");
      running.child.stdin!.end(sealed.subarray(4_194_304 + 1000));
      expect((await running.ended).status).toBe(0);
      expect(released).toBe(9_000_000);
    }),
  );
});
