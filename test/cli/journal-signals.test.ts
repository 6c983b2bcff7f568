// Signals while a journal is being written: SIGHUP begins an epoch; Ctrl-C and SIGTERM write what was read, then end
// it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ReadEpoch, readBack } from "../journal/read-back.js";
import { personAt } from "../support.js";
import { inSandbox, program, type Running, type Sandbox, until } from "./sandbox.js";

const APPEND = ["journal", "append", "j", "--to", "alice.pub", "--sign", "master.key", "--json"];

async function epochsIn(box: Sandbox): Promise<ReadEpoch[]> {
  const [alice, master] = [await personAt(join(box.dir, "alice.key")), await personAt(join(box.dir, "master.key"))];
  return readBack(readFileSync(join(box.dir, "j")), alice, master.signingKey.publicKey);
}

/** Waits for so many lines of acknowledgement. */
function acknowledgements({ child }: Running): (lines: number) => Promise<unknown> {
  let seen = "";
  child.stdout!.on("data", (bytes) => {
    seen += bytes;
  });
  return (lines) => until(() => seen.split("\n").length > lines, `${lines} acknowledgements`);
}

test(
  "SIGHUP: what follows is in a new epoch",
  inSandbox(async (box) => {
    const running = program(box, "seal", APPEND);
    const acknowledged = acknowledgements(running);
    const { child, ended } = running;
    for (const [i, record] of ["a", "b", "c"].entries()) {
      child.stdin!.write(`${record}\n`);
      await acknowledged(i + 1);
      child.kill("SIGHUP");
      child.kill("SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.stdin!.end();
    expect(await ended).toMatchObject({ status: 0, stderr: "" });
    const records = (await epochsIn(box)).map(({ frames }) => frames.map(({ records }) => records));
    expect(records).toEqual([[["a"]], [["b"]], [["c"]]]);
  }),
);

describe.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s", (signal, status) => {
  test(
    "while it waits for records: it ends, with what was whole in the journal",
    inSandbox(async (box) => {
      const running = program(box, "seal", APPEND);
      running.child.stdin!.write("a\nb\nnot who");
      await acknowledgements(running)(1);
      running.child.kill(signal);
      const { stdout, stderr, ...ended } = await running.ended;
      expect({ stderr, ...ended }).toEqual({ status, stderr: "" });
      expect(
        stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toEqual([{ ok: true, records: 2 }, expect.objectContaining({ ok: false, code: "interrupted", exit: status })]);
      expect((await epochsIn(box)).flatMap(({ frames }) => frames.flatMap(({ records }) => records))).toEqual([
        "a",
        "b",
      ]);
    }),
  );

  test(
    "while much is under way: as much is acknowledged as is in the journal",
    inSandbox(async (box) => {
      const running = program(box, "seal", APPEND);
      const acknowledged = acknowledgements(running);
      let index = 0;
      const send = () => {
        const lines = Array.from({ length: 1000 }, () => `${index++}${"x".repeat(200)}\n`).join("");
        running.child.stdin!.write(lines, (error) => !error && setImmediate(send));
      };
      send();
      await acknowledged(3);
      running.child.kill(signal);
      const { stdout, ...ended } = await running.ended;
      expect(ended.status).toBe(status);
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const count = lines.reduce((sum, { ok, records }) => sum + (ok ? records : 0), 0);
      const records = (await epochsIn(box)).flatMap(({ frames }) => frames.flatMap(({ records }) => records));
      expect(records).toEqual(Array.from({ length: count }, (_, i) => `${i}${"x".repeat(200)}`));
    }),
  );
});
