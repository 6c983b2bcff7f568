// seal journal read --follow: what is appended comes at once, and a signal ends it with the cursor of what came.

import { appendFileSync, copyFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inSandbox, program, type Running, sh, until } from "./sandbox.js";

const APPEND = "seal journal append j --to server.pub --sign master.key -q";
const FOLLOW = ["journal", "read", "j", "--key", "server.key", "--follow"];

function watched({ child }: Running): () => string {
  const parts: Buffer[] = [];
  child.stdout!.on("data", (bytes: Buffer) => parts.push(bytes));
  return () => Buffer.concat(parts).toString();
}

it.concurrent.each([
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

it.concurrent(
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

it.concurrent(
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

it.concurrent(
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

it.concurrent(
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

it.concurrent(
  "-o with --follow needs something that shows what is written",
  inSandbox(async (box) => {
    await sh(box, `echo one | ${APPEND}`);
    const refused = await sh(box, "seal journal read j --key server.key --follow -o out");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/--follow writes to standard output/);
  }),
);
