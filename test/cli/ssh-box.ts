// What the tests of ssh's keys and agents have in common: keys, and agents that are watched.

import { spawnSync } from "node:child_process";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { type Ended, program, type Running, type Sandbox, sh, until } from "./sandbox.js";

const isThere = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
export const HAS_SSH = ["ssh-keygen", "ssh-agent", "ssh-add"].every(isThere);
if (!HAS_SSH) console.warn("ssh's programs are missing: its keys and agents are not tried");

/** Keys of people and hosts: ann's and ben's are of use, cat's has a passphrase. */
export const KEYS = `set -e; for n in ann ben host; do ssh-keygen -q -t ed25519 -N '' -C $n@example.com -f $n; done
  ssh-keygen -q -t ed25519 -N 'correct horse' -a 4 -f cat; printf 'correct horse\\n' > word; chmod 600 word; echo hello > f`;
export const WORD = { SEAL_PASSPHRASE_FILE: "word" };

export async function works(box: Sandbox, command: string, env = {}): Promise<Ended> {
  const ended = await sh(box, command, env);
  expect([ended.status, ended.stderr], command).toEqual([0, expect.not.stringMatching(/error/)]);
  return ended;
}

export async function refused(box: Sandbox, command: string, status: number, words: RegExp, env = {}): Promise<Ended> {
  const ended = await sh(box, command, env);
  expect([ended.status, ended.stderr], command).toEqual([status, expect.stringMatching(words)]);
  return ended;
}

/** An agent of ssh's with these keys, and one between it and whoever asks, which counts what it is asked to sign. */
export async function withAgent(
  box: Sandbox,
  add: string,
  work: (env: Record<string, string>, signed: () => number, real: Record<string, string>) => Promise<void>,
  env = {},
): Promise<void> {
  const started = await works(box, "ssh-agent -s -a real.sock", env);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started.stdout)![1]);
  const real = { ...env, SSH_AUTH_SOCK: join(box.dir, "real.sock") };
  let count = 0;
  const server = createServer((asker) => {
    const agent = createConnection(real.SSH_AUTH_SOCK);
    for (const socket of [asker, agent]) socket.on("error", () => undefined);
    asker.on("data", (piece) => {
      if ((piece as Buffer)[4] === 13) count++;
      agent.write(piece);
    });
    agent.pipe(asker);
    asker.on("close", () => agent.destroy());
  });
  await new Promise<void>((resolve) => server.listen(join(box.dir, "count.sock"), resolve));
  try {
    if (add) await works(box, add, real);
    await work({ ...env, SSH_AUTH_SOCK: join(box.dir, "count.sock") }, () => count, real);
  } finally {
    server.close();
    process.kill(pid);
  }
}

/** Appends records to a journal, each when the one before is acknowledged. */
export async function fed(
  box: Sandbox,
  records: string[],
  args: string[],
  env: Record<string, string>,
  ends = true,
): Promise<Running> {
  const running = program(
    box,
    "seal",
    ["journal", "append", "j", "--to", "ben.pub", "--sign", "ann.pub", "--json", ...args],
    env,
  );
  let said = "";
  running.child.stdout!.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  for (const [i, record] of records.entries()) {
    running.child.stdin!.write(`${record}\n`);
    await until(() => said.split("\n").length > i + 1, `record ${record}`);
  }
  if (ends) running.child.stdin!.end();
  return running;
}

/** An agent that signs so many times, and then keeps every question until it is released. */
export async function held(
  box: Sandbox,
  real: Record<string, string>,
  times: number,
): Promise<{ env: Record<string, string>; asked: () => number; release: () => void; end: () => void }> {
  let count = 0;
  let keeps = true;
  const kept: (() => void)[] = [];
  const server = createServer((asker) => {
    const agent = createConnection(real.SSH_AUTH_SOCK!);
    for (const socket of [asker, agent]) socket.on("error", () => undefined);
    asker.on("data", (piece) => {
      const isToSign = (piece as Buffer)[4] === 13;
      if (isToSign && ++count > times && keeps) kept.push(() => agent.write(piece));
      else agent.write(piece);
    });
    agent.pipe(asker);
    asker.on("close", () => agent.destroy());
  });
  await new Promise<void>((resolve) => server.listen(join(box.dir, "held.sock"), resolve));
  const release = () => {
    keeps = false;
    for (const ask of kept.splice(0)) ask();
  };
  return {
    env: { ...real, SSH_AUTH_SOCK: join(box.dir, "held.sock") },
    asked: () => count,
    release,
    end: () => void server.close(),
  };
}
