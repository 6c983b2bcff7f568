// Standard streams that are not what they seem: closed, or files under the name of a descriptor.

import { existsSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inSandbox, sh } from "./sandbox.js";

describe("a standard input that is closed", () => {
  test.concurrent.each([
    ["to seal", "seal - --to alice.pub --unsigned -o out"],
    ["to seal, with no FILE", "seal --to alice.pub --unsigned -o out"],
    ["to open", "open - --key server.key -o out"],
    ["to verify", "seal verify - --from master.pub"],
    ["for records", "seal journal append out --to alice.pub --sign master.key"],
    ["as an identity", "open secret.sealed --key - -o out"],
  ])(
    "is exit 3, not an empty file: %s",
    inSandbox(async (box, _what: string, command: string) => {
      const { status, stderr } = await sh(box, `${command} <&-`);
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/standard input is closed/) });
      expect(existsSync(join(box.dir, "out"))).toBe(false);
    }),
  );

  test.concurrent(
    "is not asked for where a FILE is named; an empty one is sealed as such",
    inSandbox(async (box) => {
      expect((await sh(box, "seal plan.txt -q --to alice.pub --unsigned <&-")).status).toBe(0);
      const { status, stderr } = await sh(box, "seal - -q --to alice.pub --unsigned -o out < /dev/null");
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const opened = await sh(box, "open out --key alice.key --allow-unsigned -o - | wc -c");
      expect(opened.stdout.trim()).toBe("0");
    }),
  );
});

describe("a standard output that is closed", () => {
  const DATA = [
    ["sealing", "seal - --to alice.pub --unsigned < plan.txt"],
    ["opening", "open secret.sealed --key server.key -o -"],
    ["a range", "open secret.sealed --key server.key -o - --range 0-3"],
    ["records", "seal journal read j --key server.key"],
    ["rewrapping", "seal rewrap secret.sealed --key alice.key --sign master.key --to alice.pub -o -"],
  ] as const;

  test.concurrent.each(DATA)(
    "is exit 3 where data is to go there, and /dev/null is not: %s",
    inSandbox(async (box, _what: string, command: string) => {
      await sh(box, "echo a | seal journal append j --to server.pub --sign master.key -q");
      const { status, stderr } = await sh(box, `${command} >&-`);
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/standard output is closed/) });
      expect((await sh(box, `${command} > /dev/null`)).status).toBe(0);
    }),
  );

  test.concurrent.each([
    ["verifying", "seal verify secret.sealed --from master.pub"],
    ["inspecting", "seal inspect secret.sealed --json"],
    ["making keys", "seal keygen -o new.key"],
    ["sealing to a file", "seal plan.txt --to alice.pub --unsigned --json"],
  ])(
    "says nothing against a result that the exit status tells: %s",
    inSandbox(async (box, _what: string, command: string) => {
      expect((await sh(box, `${command} >&-`)).status).toBe(0);
    }),
  );

  test.concurrent(
    "or standard error: no message gets into the file that is written",
    inSandbox(async (box) => {
      const command = "open secret.sealed --key server.key --from any -o out";
      expect((await sh(box, `${command} <&- >&- 2>&-; cat out`)).stdout).toBe("for alice\n");
    }),
  );
});

// /dev/stdin is such a name, which a test had better not put at risk.
describe.runIf(process.platform === "linux")("the name of a descriptor is no file's to replace", () => {
  const REWRAP = "seal rewrap in --key alice.key --sign master.key --to alice.pub";

  test.concurrent(
    "as the file to rewrap",
    inSandbox(async (box) => {
      symlinkSync("/proc/self/fd/0", join(box.dir, "in"));
      const { status, stderr } = await sh(box, `${REWRAP} < secret.sealed`);
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/in is an open file's descriptor/),
      });
      expect(readlinkSync(join(box.dir, "in"))).toBe("/proc/self/fd/0");
      expect((await sh(box, `${REWRAP} -o out < secret.sealed`)).status).toBe(0);
    }),
  );

  test.concurrent(
    "as an output, with --force",
    inSandbox(async (box) => {
      symlinkSync("/proc/self/fd/3", join(box.dir, "link"));
      symlinkSync("link", join(box.dir, "links"));
      for (const name of ["links", "/dev/fd/3", "/proc/self/fd/3"]) {
        const { status } = await sh(
          box,
          `echo kept > file; seal plan.txt --to alice.pub --unsigned -o ${name} --force 3>> file`,
        );
        expect({ name, status }).toEqual({ name, status: 2 });
      }
      expect(readlinkSync(join(box.dir, "link"))).toBe("/proc/self/fd/3");
      expect(readFileSync(join(box.dir, "file"), "utf8")).toBe("kept\n");
    }),
  );

  test.concurrent(
    "though a file in a directory that is named through /proc is one",
    inSandbox(async (box) => {
      const { status, stderr } = await sh(box, REWRAP.replace(" in ", " /proc/self/cwd/secret.sealed "));
      expect({ status, stderr }).toMatchObject({ status: 0 });
    }),
  );
});
