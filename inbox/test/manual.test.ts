// The manual page and the completion scripts: that they hold what --help shows, and that those who read them find no
// fault.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { COMMON } from "../src/arguments.js";
import { COMMANDS } from "../src/commands/index.js";
import { folder } from "./folder.js";

const PROGRAM = fileURLToPath(new URL("../bin/seal-inbox.js", import.meta.url));
const PAGE = fileURLToPath(new URL("../dist/man/seal-inbox.1", import.meta.url));

const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

function ask(...args: string[]) {
  return spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8" });
}

/** What a reader sees of a page's source. */
function plain(source: string): string {
  return source
    .replace(/\\f[BIR]/g, "")
    .replace(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/\\([-&])/g, (_, sign: string) => (sign === "-" ? sign : ""))
    .replace(/\s+/g, " ")
    .toLowerCase();
}

test("the manual page has every command, and every option with what it does", () => {
  const page = plain(readFileSync(PAGE, "utf8"));
  for (const { name, summary, flags } of COMMANDS) {
    expect(page).toContain(`seal-inbox ${name}`);
    expect(page).toContain(summary.toLowerCase());
    for (const [flag, { help }] of Object.entries({ ...flags, ...COMMON })) {
      expect(page).toContain(`--${flag}`);
      expect(page).toContain(help.toLowerCase());
    }
  }
});

test.skipIf(!isThere("mandoc"))("mandoc finds no fault in it", () => {
  expect(spawnSync("mandoc", ["-Tlint", "-Wwarning", PAGE], { encoding: "utf8" })).toMatchObject({
    status: 0,
    stdout: "",
  });
});

describe("completion", () => {
  async function scriptOf(shell: string): Promise<string> {
    const { status, stdout, stderr } = ask("completion", shell);
    expect([status, stderr]).toEqual([0, ""]);
    const path = join(await folder(), `completion.${shell}`);
    writeFileSync(path, stdout);
    return path;
  }

  /** What is offered for the last of the words. */
  function inBash(script: string, words: readonly string[]): string[] {
    const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      compopt() { :; }; _seal_inbox; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", program, "bash", script, "seal-inbox", ...words], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    return stdout.split("\n").filter(Boolean);
  }

  test("in bash: commands, their second words, choices, options and files", async () => {
    const script = await scriptOf("bash");
    expect(inBash(script, ["re"])).toEqual(["recipients", "retention", "remove"]);
    expect(inBash(script, ["token", ""])).toEqual(["create", "list", "revoke"]);
    expect(inBash(script, ["recipients", "till", ""])).toEqual(["list", "add", "remove"]);
    expect(inBash(script, ["token", "create", "till", "--p"])).toEqual(["--producer"]);
    expect(inBash(script, ["serve", "--si"])).toEqual(["--sign"]);
    expect(inBash(script, ["serve", "--sign", script])).toEqual([script]);
    expect(inBash(script, ["token", "create", "till", "--reader", ""])).toEqual([]);
  });

  test.skipIf(!isThere("fish"))("in fish", async () => {
    const script = await scriptOf("fish");
    const offered = (line: string) => {
      const program = `source ${script}; complete -C '${line}'`;
      const { status, stdout, stderr } = spawnSync("fish", ["-N", "-c", program], { encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((each) => each.split("\t")[0]);
    };
    expect(offered("seal-inbox re").toSorted()).toEqual(["recipients", "remove", "retention"]);
    expect(offered("seal-inbox token ").toSorted()).toEqual(["create", "list", "revoke"]);
    expect(offered("seal-inbox serve --si")).toEqual(["--sign"]);
    expect(offered("seal-inbox list --di")).toEqual(["--dir"]);
  });

  test.skipIf(!isThere("zsh"))("in zsh, which takes it without a word", async () => {
    const script = await scriptOf("zsh");
    const program = `autoload -Uz compinit && compinit -D -u; source ${script}; whence -w _seal_inbox`;
    expect(spawnSync("zsh", ["-f", "-c", program], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stdout: "_seal_inbox: function\n",
      stderr: "",
    });
  });

  test("in no other shell", () => {
    const { status, stderr } = ask("completion", "tcsh");
    expect([status, stderr]).toEqual([2, expect.stringContaining("tcsh: no such shell")]);
  });
});
