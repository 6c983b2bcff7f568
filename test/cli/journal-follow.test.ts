// seal journal read --follow: what is appended comes at once, and a signal ends it with the cursor of what came.

import { appendFileSync, copyFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serving, site } from "../io/server.js";
import { oneIn } from "../whole.js";
import { inSandbox, program, type Running, type Sandbox, sh, until } from "./sandbox.js";

oneIn(5);

const APPEND = "seal journal append j --to server.pub --sign master.key -q";
const FOLLOW = ["journal", "read", "j", "--key", "server.key", "--follow"];

function watched({ child }: Running): () => string {
  const parts: Buffer[] = [];
  child.stdout!.on("data", (bytes: Buffer) => parts.push(bytes));
  return () => Buffer.concat(parts).toString();
}

test.concurrent.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s",
  inSandbox(async (box, signal: NodeJS.Signals, status: number) => {
    await sh(box, `echo one | ${APPEND}`);
    const running = program(box, "seal", [...FOLLOW, "--cursor", "c"]);
    const shown = watched(running);
    await until(() => shown() === "one\n", "what was there");
    await sh(box, `echo two | ${APPEND}`);
    await until(() => shown() === "one\ntwo\n", "what was appended");
    running.child.kill(signal);
    const ended = await running.ended;
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(/^seal: error: .*interrupted/m);
    const rest = await sh(box, `echo three | ${APPEND}; seal journal read j --key server.key --cursor c -q`);
    expect(rest.stdout).toBe("appended 1 record to j\nthree\n");
  }),
);

test.concurrent(
  "the cursor is saved whenever there is nothing more for now",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    const running = program(box, "seal", [...FOLLOW, "--cursor", "c"]);
    await until(() => existsSync(join(box.dir, "c")), "the cursor");
    running.child.kill("SIGKILL");
    await running.ended;
    expect(await sh(box, "seal journal read j --key server.key --cursor c -q")).toMatchObject({
      status: 0,
      stdout: "",
    });
  }),
);

test.concurrent(
  "a journal that is empty yet is waited for; one that is cut off is tampered",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}; : > k`);
    const running = program(box, "seal", ["journal", "read", "k", ...FOLLOW.slice(3), "--json"]);
    const shown = watched(running);
    await new Promise((resolve) => setTimeout(resolve, 300));
    appendFileSync(join(box.dir, "k"), readFileSync(join(box.dir, "j")));
    await until(() => shown() === "one\n", "what was written");
    truncateSync(join(box.dir, "k"), 100);
    const { status, stderr } = await running.ended;
    expect(status).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({ ok: false, code: "tampered", input: "k", offset: 100 });
  }),
);

test.concurrent(
  "a copy that takes the journal's place is gone on with",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    copyFileSync(join(box.dir, "j"), join(box.dir, "k"));
    const running = program(box, "seal", ["journal", "read", "k", ...FOLLOW.slice(3)]);
    const shown = watched(running);
    await until(() => shown() === "one\n", "what was there");
    await sh(box, `echo two | ${APPEND}; cp j k.new; mv k.new k`);
    await until(() => shown() === "one\ntwo\n", "what the copy has more");
    running.child.kill("SIGINT");
    expect((await running.ended).status).toBe(130);
  }),
);

/** A follower that has shown "one", is stopped, and finds a base behind "two" when it goes on. */
async function overtaken(box: Sandbox, ...more: string[]) {
  await sh(box, `echo one | ${APPEND}`);
  const running = program(box, "seal", [...FOLLOW, "--cursor", "c", ...more]);
  const shown = watched(running);
  await until(() => shown() === "one\n" && existsSync(join(box.dir, "c")), "what was there");
  running.child.kill("SIGSTOP");
  const drop = "seal journal drop j --before-cursor other --sign master.key -q";
  const read = "seal journal read j --key server.key --cursor other -q > /dev/null";
  const { status, stderr } = await sh(box, `echo two | ${APPEND} && ${read} && ${drop} && echo three | ${APPEND}`);
  expect(status, stderr).toBe(0);
  running.child.kill("SIGCONT");
  return { running, shown };
}

test.concurrent(
  "a follower before whose place a base comes is told what it has missed",
  inSandbox(async (box) => {
    const { running, shown } = await overtaken(box, "--json");
    const { status, stderr } = await running.ended;
    expect(status).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      ok: false,
      code: "usage",
      message: expect.stringContaining("was removed"),
    });
    expect(shown()).toBe("one\n");
  }),
);

test.concurrent(
  "--skip-removed goes on at the base, also in a follower, and later from its cursor",
  inSandbox(async (box) => {
    const { running, shown } = await overtaken(box, "--skip-removed");
    await until(() => shown() === "one\nthree\n", "what stands behind the base");
    await sh(box, `echo four | ${APPEND}`);
    await until(() => shown() === "one\nthree\nfour\n", "what is appended");
    running.child.kill("SIGINT");
    expect((await running.ended).status).toBe(130);
    const rest = await sh(box, `echo five | ${APPEND}; seal journal read j --key server.key --cursor c -q`);
    expect(rest.stdout).toBe("appended 1 record to j\nfive\n");
  }),
);

test.concurrent(
  "over HTTP: a base that comes behind a follower's place changes nothing for it; a reader goes on from its cursor",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    const served = await site((...each) => serving(readFileSync(join(box.dir, "j")))(...each));
    const read = ["journal", "read", `${served.url}/j`, "--key", "server.key", "--cursor"];
    try {
      const running = program(box, "seal", [...read, "c", "--follow"]);
      const shown = watched(running);
      await until(() => shown() === "one\n" && existsSync(join(box.dir, "c")), "what was there");
      const drop = "seal journal drop j --before-cursor before --sign master.key -q";
      const { status, stderr } = await sh(box, `cp c before && ${drop} && echo two | ${APPEND}`);
      expect(status, stderr).toBe(0);
      await until(() => shown() === "one\ntwo\n", "what stands behind the base");
      running.child.kill("SIGINT");
      expect((await running.ended).status).toBe(130);
      expect(await program(box, "seal", [...read, "before", "-q"]).ended).toMatchObject({ status: 0, stdout: "two\n" });
      await sh(box, "seal journal drop j --before-cursor c --sign master.key -q");
      expect(await program(box, "seal", [...read, "c", "-q"]).ended).toMatchObject({ status: 0, stdout: "" });
    } finally {
      await served.close();
    }
  }),
);

test.concurrent(
  "a reader of the output who has gone ends it quietly",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    const running = program(box, "seal", FOLLOW);
    const shown = watched(running);
    await until(() => shown() === "one\n", "what was there");
    running.child.stdout!.destroy();
    await sh(box, `echo two | ${APPEND}`);
    expect(await running.ended).toMatchObject({ status: 3, stderr: "" });
  }),
);

test.concurrent(
  "-o with --follow needs something that shows what is written",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    const refused = await sh(box, "seal journal read j --key server.key --follow -o out");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/--follow needs standard output/);
  }),
);
