// The examples, as they are: a service that writes a journal, and somebody who picks up what is new.

import { expect, test } from "vitest";
import { inSandbox, sh } from "./sandbox.js";

const PRODUCE = '"$NODE" "$TREE/examples/produce.js" visits "$SERVER" master.key';
const PICK_UP = '"$NODE" "$TREE/examples/pick-up.js" visits server.key cursor';

test(
  "a producer and a pick-up",
  inSandbox(async (box) => {
    const ok = async (command: string) => {
      const { status, stdout, stderr } = await sh(box, command);
      expect({ status, stderr }, command).toEqual({ status: 0, stderr: "" });
      return stdout.split("\n").slice(0, -1);
    };
    expect(await ok(`printf 'one\\ntwo\\n' | ${PRODUCE}`)).toEqual(["written: 3 characters", "written: 3 characters"]);
    expect((await ok(PICK_UP)).map((line) => line.split(" ")[1])).toEqual(["one", "two"]);
    expect(await ok(PICK_UP)).toEqual([]);
    expect(await ok(`seq 100000 | ${PRODUCE}`)).toHaveLength(100_000);
    const texts = (await ok(PICK_UP)).map((line) => line.split(" ")[1]);
    expect(texts).toEqual(Array.from({ length: 100_000 }, (_, i) => String(i + 1)));

    await sh(box, "truncate -s -1 visits");
    expect(await sh(box, `echo x | ${PRODUCE}`)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^tampered: /),
    });
    expect(await sh(box, PICK_UP)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tampered: /) });
  }),
);
