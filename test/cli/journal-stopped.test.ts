// A writer that is stopped at the worst moment: between asking whether it is still the owner and giving a file its
// name. When it wakes, another one has the journal, and nothing of that one's is touched.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inSandbox, program, type Running, type Sandbox, sh, until } from "./sandbox.js";

const APPEND = ["journal", "append", "j", "--to", "alice.pub", "--sign", "master.key", "--json"];
const PRELOAD = `--import ${new URL("stops.js", import.meta.url)}`;

interface Writer extends Running {
  send(record: string): void;
  /** Resolves when the last record that was sent is acknowledged. */
  append(record: string): Promise<void>;
}

/** `stops`: where it stops, see stops.js. */
function writer(box: Sandbox, stops: string | null = null): Writer {
  const env = stops ? { NODE_OPTIONS: PRELOAD, SEAL_TEST_STOP: stops } : {};
  const { child, ended } = program(box, "seal", APPEND, env);
  let stdout = "";
  child.stdout!.on("data", (bytes) => {
    stdout += bytes;
  });
  const send = (record: string) => void child.stdin!.write(`${record}\n`);
  const append = async (record: string) => {
    const before = stdout.length;
    send(record);
    await until(() => stdout.length > before, `the acknowledgement of ${record}`);
  };
  return { child, ended, send, append };
}

const isStopped = ({ child }: Writer) => /\) T /.test(readFileSync(`/proc/${child.pid}/stat`, "latin1"));

/** Locks and sockets, as somebody removes them who takes the writer for dead. */
function removeLocks({ dir }: Sandbox): void {
  const names = readdirSync(dir).filter((name) => /^\.(j\.lock\.|seal-.*\.lock$)/.test(name));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) rmSync(join(dir, name));
}

const stateOf = ({ dir }: Sandbox) =>
  ["j", "j.writer-cursor", "j.writer-term"].map((name) => readFileSync(join(dir, name), "latin1"));

async function recordsOf(box: Sandbox): Promise<string[]> {
  const { stdout } = await sh(box, "seal journal read j --key alice.key --from master.pub");
  return stdout.trim().split("\n");
}

/** The first writer has stopped. Another comes and writes; then the first wakes, and fails as one that was fenced. */
async function wakesUpLate(box: Sandbox, first: Writer): Promise<void> {
  await until(() => isStopped(first), "the writer to stop");
  removeLocks(box);
  const second = writer(box);
  await second.append("b");
  await second.append("c");
  // Its cursor follows by itself within a second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = stateOf(box);
  first.child.kill("SIGCONT");
  first.child.stdin!.end();
  const ended = await first.ended;
  expect([ended.status, JSON.parse(ended.stdout.trim().split("\n").at(-1)!).code]).toEqual([3, "fenced"]);
  expect(stateOf(box)).toEqual(before);
  expect(readdirSync(box.dir).filter((name) => name.startsWith(".j.new."))).toEqual([]);
  await second.append("d");
  second.child.stdin!.end();
  expect((await second.ended).status).toBe(0);
  expect(await recordsOf(box)).toEqual(["a", "b", "c", "d"]);
}

describe.skipIf(process.platform !== "linux")("a writer that was stopped before it gave its name to", () => {
  test(
    "the cursor leaves that of its successor",
    inSandbox(async (box) => {
      const first = writer(box, "j.writer-cursor:2");
      await first.append("a");
      await wakesUpLate(box, first);
    }),
    60_000,
  );

  test(
    "the term leaves that of its successor",
    inSandbox(async (box) => {
      await sh(box, "echo a | seal journal append j --to alice.pub --sign master.key");
      const first = writer(box, "j.writer-term:1");
      first.send("x");
      await wakesUpLate(box, first);
    }),
    60_000,
  );

  test(
    "its copy of the journal leaves the journal that its successor has written to",
    inSandbox(async (box) => {
      const before = writer(box);
      await before.append("a");
      removeLocks(box);
      before.child.kill("SIGKILL");
      await before.ended;
      const first = writer(box, "j:1");
      first.send("x");
      await wakesUpLate(box, first);
    }),
    60_000,
  );
});
