// What is revoked while a program runs reaches it: who is sealed for, and whose records are handed on.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inSandbox, program, type Running, type Sandbox, sh, until } from "./sandbox.js";

/** What it has written to standard output so far. */
function watched({ child }: Running): () => string {
  const parts: Buffer[] = [];
  child.stdout!.on("data", (bytes: Buffer) => parts.push(bytes));
  return () => Buffer.concat(parts).toString();
}

const APPEND = ["journal", "append", "j", "--sign", "master.key"];
const read = (box: Sandbox, key: string) =>
  sh(box, `seal journal read j --key ${key}.key --from master.pub -q --contacts /dev/null`).then(
    ({ status, stdout }) => [status, stdout],
  );

/** Sends a record; done when it is the journal's `frames`-th. */
async function appended(box: Sandbox, { child }: Running, record: string, frames: number): Promise<void> {
  child.stdin!.write(`${record}\n`);
  const end = Date.now() + 20_000;
  while ((await framesIn(box)) < frames) if (Date.now() > end) throw new Error(`waited in vain for ${record}`);
}

async function framesIn(box: Sandbox): Promise<number> {
  if (!existsSync(join(box.dir, "j"))) return 0;
  return (
    JSON.parse((await sh(box, "seal journal verify j --from master.pub --json --contacts /dev/null")).stdout).frames ??
    0
  );
}

describe("seal journal append", () => {
  test.concurrent.each([
    ["a name", "bob", ""],
    ["a group", "@receivers", "seal contacts add @receivers alice bob;"],
    ["a .pub file", "./bob.pub", ""],
  ])(
    "seals nothing more for a recipient who is revoked, from the next epoch on: %s",
    inSandbox(async (box, _what: string, to: string, prepare: string) => {
      await sh(box, `for name in alice bob; do seal contacts add $name $name.pub; done; ${prepare}`);
      const running = program(box, "seal", [...APPEND, "--to", "alice", "--to", to]);
      await appended(box, running, "1", 1);
      expect((await sh(box, "seal contacts revoke bob --reason stolen")).status).toBe(0);
      running.child.kill("SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await appended(box, running, "22", 2);
      running.child.kill("SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await appended(box, running, "333", 3);
      running.child.stdin!.end();
      const { status, stderr } = await running.ended;
      expect(status).toBe(0);
      expect(stderr).toMatch(/^seal: warning: bob was revoked on 20\S+ \(stolen\): nothing more is sealed for it\n$/);
      expect(await read(box, "alice")).toEqual([0, "1\n22\n333\n"]);
      expect(await read(box, "bob")).toEqual([5, "1\n"]);
    }),
  );

  test.concurrent(
    "without a signal, from the epoch on that begins by itself; and it ends where nobody is left, or the contacts cannot be read",
    inSandbox(async (box) => {
      await sh(box, "for name in alice bob; do seal contacts add $name $name.pub; done");
      const each = [...APPEND, "--epoch-records", "1"];
      const running = program(box, "seal", [...each, "--to", "alice", "--to", "bob"]);
      await appended(box, running, "1", 1);
      await sh(box, "seal contacts revoke bob");
      await appended(box, running, "22", 2);
      expect(await read(box, "bob")).toEqual([5, "1\n"]);
      await sh(box, "seal contacts revoke alice");
      running.child.stdin!.write("never\n");
      const ended = await running.ended;
      expect(ended.status).toBe(2);
      expect(ended.stderr).toMatch(/^seal: error: no recipient is left/m);
      expect(await read(box, "alice")).toEqual([0, "1\n22\n"]);

      await sh(box, "seal contacts add alice server.pub --replace");
      const other = program(box, "seal", [...each, "--to", "alice"]);
      await appended(box, other, "333", 3);
      await sh(box, "rm home/contacts; mkdir home/contacts");
      other.child.stdin!.write("never\n");
      expect(await other.ended).toMatchObject({ status: 3, stderr: expect.stringMatching(/home\/contacts/) });
    }),
  );

  test.concurrent(
    "a key that a contact has replaced is not sealed for any more, and the new one is",
    inSandbox(async (box) => {
      await sh(box, "seal contacts add alice alice.pub");
      const running = program(box, "seal", [...APPEND, "--to", "alice", "--epoch-records", "1"]);
      await appended(box, running, "1", 1);
      await sh(box, "seal contacts add alice bob.pub --replace");
      await appended(box, running, "22", 2);
      running.child.stdin!.end();
      expect((await running.ended).status).toBe(0);
      expect(await read(box, "alice")).toEqual([5, "1\n"]);
      expect(await read(box, "bob")).toEqual([5, ""]);
    }),
  );
});

describe("seal journal read --follow", () => {
  test.concurrent.each([
    ["of the default place", ""],
    ["that --contacts names", " --contacts ours"],
  ])(
    "hands on nothing more of a signer who is revoked, by contacts %s, and keeps the cursor before it",
    inSandbox(async (box, _what: string, contacts: string) => {
      if (contacts) await sh(box, `seal contacts add alice alice.pub${contacts}`);
      const running = program(box, "seal", [...APPEND, "--to", "server.pub"]);
      await appended(box, running, "1", 1);
      const line = `journal read j --key server.key --follow --cursor c${contacts}`;
      const follower = program(box, "seal", line.split(" "));
      const shown = watched(follower);
      await until(() => shown() === "1\n", "what was there");
      await sh(box, `seal contacts revoke master.pub --reason stolen${contacts}`);
      await appended(box, running, "22", 2);
      const { status, stderr } = await follower.ended;
      expect([status, shown()]).toEqual([7, "1\n"]);
      expect(stderr).toMatch(/^seal: error: .*was revoked on 20\S+ \(stolen\)$/m);
      running.child.stdin!.end();
      await running.ended;
      await sh(box, "rm -f home/contacts");
      expect((await sh(box, "seal journal read j --key server.key --cursor c -q")).stdout).toBe("22\n");
    }),
  );
});
