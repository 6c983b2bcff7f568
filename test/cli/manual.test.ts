// The manual pages: that they hold what --help shows, and that the programs that show them find no fault.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allCommands, inSandbox, sh, TREE } from "./sandbox.js";

const { man, version } = JSON.parse(readFileSync(join(TREE, "package.json"), "utf8")) as {
  man: string[];
  version: string;
};
const PAGES = man.map((path) => join(TREE, path));

/** What a reader sees of a page's source: without fonts, macros and escapes. */
function plain(path: string): string {
  return readFileSync(path, "utf8")
    .replace(/\\f[BIR]/g, "")
    .replace(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/\\([-&])/g, (_, sign: string) => (sign === "-" ? sign : ""))
    .replaceAll("\\e", "\\")
    .replace(/\s+/g, " ");
}

/** Terms and descriptions, each a line of --help and those that go on from it. */
function items(help: string): string[] {
  const lines = help.split(/\n(?=\S|\n| {2}\S)/).filter((line) => /^ {2}\S/.test(line));
  return lines.map((line) =>
    line
      .trim()
      .replace(/\s+/g, " ")
      .replace(/<([^>]+)>/, "$1"),
  );
}

test("the package names both pages", () => {
  expect(man.map((path) => path.replace(/.*\//, ""))).toEqual(["seal.1", "open.1"]);
});

test(
  "seal(1) has every command, argument, option and example of --help",
  inSandbox(async (box) => {
    const page = plain(PAGES[0]!).toLowerCase();
    for (const command of ["", ...(await allCommands(box))]) {
      const { stdout: help } = await sh(box, `seal ${command} --help`);
      const missing = items(help)
        .map((item) =>
          item
            .replace(/^# /, "")
            .replace(/^(seal [a-z]+) .*$/, "$1")
            .toLowerCase(),
        )
        .filter((item) => !page.includes(item));
      expect(items(help).length).toBeGreaterThan(4);
      expect(missing, command).toEqual([]);
    }
  }),
);

test(
  "open(1) has every option of --help, under its own name",
  inSandbox(async (box) => {
    const page = plain(PAGES[1]!);
    const { stdout: help } = await sh(box, "open --help");
    const missing = items(help).filter((item) => !page.toLowerCase().includes(item.replace(/^# /, "").toLowerCase()));
    expect(items(help).length).toBeGreaterThan(15);
    expect(missing).toEqual([]);
    expect(page).toContain(`seal ${version}`);
    expect(page).not.toContain("seal open backup");
  }),
);

describe.each(PAGES)("%s", (path) => {
  const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  const faults = (program: string, ...args: string[]) => {
    const { stdout, stderr } = spawnSync(program, [...args, path], { encoding: "utf8" });
    return stdout + stderr;
  };

  test.skipIf(!isThere("mandoc"))("mandoc finds no fault", () => {
    expect(faults("mandoc", "-Tlint")).toBe("");
  });

  test.skipIf(!isThere("groff"))("groff finds no fault", () => {
    expect(faults("groff", "-man", "-Tutf8", "-ww", "-z")).toBe("");
  });
});
