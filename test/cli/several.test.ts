// Many inputs of one command: several are worked on at a time, and told of in their order.

import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inSandbox, sh } from "./sandbox.js";

const NAMES = Array.from({ length: 60 }, (_, i) => `file-${String(i).padStart(2, "0")}`);
const LARGE = 300 * 1024;

test(
  "sixty files, small and large, one of them missing: all others are done, in the order in which they were named",
  inSandbox(async (box) => {
    for (const [i, name] of NAMES.entries())
      writeFileSync(join(box.dir, name), Buffer.alloc(i % 4 ? 10 * i : LARGE, i));
    const named = NAMES.with(30, "missing").join(" ");
    mkdirSync(join(box.dir, "sealed"));
    const sealing = `umask 027; seal ${named} --to server.pub --sign master.key --json -o sealed`;
    const { status, stdout } = await sh(box, sealing);
    const told = stdout.trim().split("\n");
    expect([status, told.map((line) => JSON.parse(line).input)]).toEqual([3, NAMES.with(30, "missing")]);
    const sealed = NAMES.toSpliced(30, 1);
    for (const name of sealed) expect(statSync(join(box.dir, `sealed/${name}.sealed`)).mode & 0o777).toBe(0o640);
    mkdirSync(join(box.dir, "opened"));
    const opening = `open sealed/* --key server.key --from master.pub -q -o opened`;
    expect(await sh(box, opening)).toEqual({ status: 0, stdout: "", stderr: "" });
    for (const name of sealed) {
      expect(readFileSync(join(box.dir, "opened", name)).equals(readFileSync(join(box.dir, name))), name).toBe(true);
    }
  }),
);
