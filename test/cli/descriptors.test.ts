// Standard streams that are not what they seem: closed, or files under the name of a descriptor.

import { existsSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inSandbox, sh } from "./sandbox.js";

describe("a standard input that is closed", () => {
  it.concurrent.each([
    ["to seal", "seal - --to alice.pub --unsigned -o out"],
    ["to seal, with no FILE", "seal --to alice.pub --unsigned -o out"],
    ["to open", "open - --key server.key -o out"],
    ["to verify", "seal verify - --from master.pub"],
    ["as an identity", "open secret.sealed --key - -o out"],
  ])(
    "is exit 3, not an empty file: %s",
    inSandbox(async (box, _what: string, command: string) => {
      const { status, stderr } = await sh(box, `${command} <&-`);
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/standard input is closed/) });
      expect(existsSync(join(box.dir, "out"))).toBe(false);
    }),
  );

  it.concurrent(
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

// /dev/stdin is such a name, which a test had better not put at risk.
describe.runIf(process.platform === "linux")("the name of a descriptor is no file's to replace", () => {
  const REWRAP = "seal rewrap in --key alice.key --sign master.key --to alice.pub";

  it.concurrent(
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

  it.concurrent(
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

  it.concurrent(
    "though a file in a directory that is named through /proc is one",
    inSandbox(async (box) => {
      const { status, stderr } = await sh(box, REWRAP.replace(" in ", " /proc/self/cwd/secret.sealed "));
      expect({ status, stderr }).toMatchObject({ status: 0 });
    }),
  );
});
