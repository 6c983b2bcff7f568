// Ctrl-C and SIGTERM while a journal's next epoch waits for an agent: what was read is sealed, or it is said that it
// was not.

import { describe, expect, test } from "vitest";
import { inSandbox, program, type Sandbox, until } from "./sandbox.js";
import { fed, HAS_SSH, held, KEYS, withAgent, works } from "./ssh-box.js";

const recordsOf = async (box: Sandbox) =>
  (await works(box, "seal journal read j --key ben --from ann.pub -q")).stdout.trim().split("\n");

describe.runIf(HAS_SSH).each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s while an agent is asked for the next epoch", (signal, status) => {
  test(
    "what was read is sealed, if the agent answers",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann", async (_env, _signed, real) => {
        const { env, asked, release, end } = await held(box, real, 1);
        const { child, ended } = await fed(box, ["one"], ["--epoch-records", "1"], env, false);
        child.stdin!.write("two\nthree\nnot who");
        await until(() => asked() === 2, "a question");
        child.kill(signal);
        setTimeout(release, 500);
        const { stdout, ...done } = await ended;
        expect(done).toEqual({ status, stderr: "" });
        const said = stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        expect(said.at(-1)).toMatchObject({ ok: false, code: "interrupted", message: `interrupted by ${signal}` });
        expect(said.slice(0, -1).reduce((sum, { records }) => sum + records, 0)).toBe(3);
        end();
      });
      expect(await recordsOf(box)).toEqual(["one", "two", "three"]);
    }),
    60_000,
  );

  test(
    "what was read and cannot be sealed is counted, and nothing that was acknowledged is lost",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann", async (_env, _signed, real) => {
        const { env, asked, end } = await held(box, real, 1);
        const { child, ended } = await fed(box, ["one"], ["--epoch-records", "1"], env, false);
        child.stdin!.write("two\nthree\n");
        await until(() => asked() === 2, "a question");
        child.kill(signal);
        const { stdout, ...done } = await ended;
        expect(done).toEqual({ status, stderr: "" });
        const said = stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        expect(said).toEqual([
          { ok: true, records: 1 },
          expect.objectContaining({
            code: "interrupted",
            exit: status,
            message: `interrupted by ${signal}; 2 records were read and not acknowledged`,
          }),
        ]);
        end();
      });
      expect(await recordsOf(box)).toEqual(["one"]);
    }),
    60_000,
  );

  test(
    "what comes too late is counted too",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann", async (_env, _signed, real) => {
        const { env, asked, release, end } = await held(box, real, 1);
        const { child, ended } = await fed(box, ["one"], ["--epoch-records", "1"], env, false);
        child.stdin!.write("two\n");
        await until(() => asked() === 2, "a question");
        child.kill(signal);
        setTimeout(() => child.stdin!.write("three\nfour\n"), 300);
        setTimeout(release, 1500);
        expect((await ended).stdout).toContain('; 2 records were read and not acknowledged"');
        end();
      });
      expect(await recordsOf(box)).toEqual(["one", "two"]);
    }),
    60_000,
  );

  test(
    "what a file of hosts that never ends keeps from being sealed is counted",
    inSandbox(async (box) => {
      await works(box, `${KEYS}; mkdir .ssh; echo "one.example.com $(cut -d' ' -f1,2 ben.pub)" > .ssh/known_hosts`);
      const to = ["journal", "append", "j", "--to", "host:one.example.com", "--sign", "ann", "--json"];
      const { child, ended } = program(box, "seal", [...to, "--epoch-records", "1"]);
      let said = "";
      child.stdout!.on("data", (bytes) => {
        said += bytes;
      });
      child.stdin!.write("one\n");
      await until(() => said.includes("records"), "an acknowledgement");
      await works(box, "rm .ssh/known_hosts; mkfifo .ssh/known_hosts");
      child.stdin!.write("two\n");
      await new Promise((resolve) => setTimeout(resolve, 500));
      child.kill(signal);
      const { stdout, ...done } = await ended;
      expect([done.status, stdout]).toEqual([
        status,
        expect.stringContaining("1 record was read and not acknowledged"),
      ]);
      expect(await recordsOf(box)).toEqual(["one"]);
    }),
    60_000,
  );
});
