// Many inputs of one command: several are worked on at a time, and told of in their order.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
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

/** So many that a thread takes some of them. */
const MANY = Array.from({ length: 400 }, (_, i) => `small-${String(i).padStart(3, "0")}`);

test(
  "four hundred small files, of which some cannot be sealed: with threads all is as without, each in its turn",
  inSandbox(async (box) => {
    for (const [i, name] of MANY.entries()) writeFileSync(join(box.dir, name), Buffer.alloc(100 + i, i));
    const there = [20, 21, 399].map((i) => MANY[i]!);
    const sealing = async (folder: string, options: string) => {
      mkdirSync(join(box.dir, folder));
      for (const name of there) writeFileSync(join(box.dir, folder, `${name}.sealed`), "there");
      const named = MANY.with(30, "missing").join(" ");
      const seal = `seal ${named} --to server.pub --sign master.key --json -o ${folder} --label week-8 ${options}`;
      const { status, stdout, stderr } = await sh(box, `umask 027; ${seal}`);
      const told = stdout.replaceAll(`${folder}/`, "").trim().split("\n");
      const same = { digest: "", sealedAt: "", seconds: 0 };
      return { status, stderr, told: told.map((line) => ({ ...same, ...JSON.parse(line), ...same })) };
    };
    const one = await sealing("one", "--threads 1");
    expect([one.status, one.told.map(({ input }) => input)]).toEqual([2, MANY.with(30, "missing")]);
    expect(one.told.filter(({ ok }) => !ok)).toHaveLength(4);
    expect(await sealing("two", "--threads 2")).toEqual(one);
    expect(await sealing("five", "--threads 5 --armor")).toMatchObject({ status: 2, stderr: "" });
    for (const folder of ["two", "five"]) {
      mkdirSync(join(box.dir, `opened-${folder}`));
      const sealed = MANY.filter((name, i) => i !== 30 && !there.includes(name));
      const files = sealed.map((name) => `${folder}/${name}.sealed`).join(" ");
      const opening = `open ${files} --key server.key --from master.pub --label week-8 -q -o opened-${folder}`;
      expect(await sh(box, opening)).toEqual({ status: 0, stdout: "", stderr: "" });
      for (const name of sealed) {
        expect(readFileSync(join(box.dir, `opened-${folder}`, name)).equals(readFileSync(join(box.dir, name)))).toBe(
          true,
        );
        expect(statSync(join(box.dir, folder, `${name}.sealed`)).mode & 0o777).toBe(0o640);
      }
    }
  }),
);

test(
  "with --force, what a thread replaces keeps its mode; unsigned, and where few files may be open, all are sealed too",
  inSandbox(async (box) => {
    const names = MANY.slice(0, 300);
    for (const name of names) {
      writeFileSync(join(box.dir, name), name);
      writeFileSync(join(box.dir, `${name}.sealed`), "there", { mode: 0o604 });
    }
    const named = names.join(" ");
    const sealed = await sh(box, `seal ${named} --to server.pub --sign master.key -q --force --threads 3`);
    expect(sealed).toEqual({ status: 0, stdout: "", stderr: "" });
    for (const name of names) expect(statSync(join(box.dir, `${name}.sealed`)).mode & 0o777).toBe(0o604);
    // Fewer files may be open than would be worked on at a time.
    const unsigned = await sh(box, `ulimit -n 70; seal ${named} --to server.pub --unsigned -q --force --threads 3`);
    expect(unsigned).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await sh(box, `open ${names[7]}.sealed --key server.key --allow-unsigned -o -`)).toMatchObject({
      status: 0,
      stdout: names[7],
    });
  }),
);

/** Has every thread but the first fail after so many milliseconds. */
const DYING =
  'if(!require("node:worker_threads").isMainThread)setTimeout(()=>{throw new Error("boom")},Number(process.env.DIE))';

test.each([150, 250, 400, 600])(
  "where a thread that seals dies after %i ms, what it had not told of fails, and all others are sealed",
  inSandbox(async (box, dies: number) => {
    const names = Array.from({ length: 1500 }, (_, i) => `small-${i}`);
    for (const name of names) writeFileSync(join(box.dir, name), name);
    mkdirSync(join(box.dir, "out"));
    writeFileSync(join(box.dir, "die.cjs"), DYING);
    const seal = `seal small-* --to server.pub --sign master.key --json -o out --threads 2`;
    const { status, stdout } = await sh(box, `NODE_OPTIONS="--require ./die.cjs" DIE=${dies} ${seal}`);
    const told = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told).toHaveLength(names.length);
    const failed = told.filter(({ ok }) => !ok);
    expect([0, 1]).toContain(status);
    expect(status === 1).toBe(failed.length > 0);
    expect(failed.length).toBeLessThanOrEqual(64);
    for (const { message } of failed) expect(message).toContain("a thread that seals died: boom");
    const sealed = told.filter(({ ok }) => ok).map(({ output }) => output);
    const made = readdirSync(join(box.dir, "out")).map((name) => `out/${name}`);
    expect(made).toEqual(expect.arrayContaining(sealed));
  }),
);
