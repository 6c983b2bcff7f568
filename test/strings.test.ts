// Errors are facts below the command line, and advice above: a text that names an option or a command belongs into cli/
// (or the inbox's commands), where the program is known that is run.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where command lines are at home: the programs, and calls of other programs. */
const AT_HOME = [
  /^src\/cli\//,
  /^src\/(?:io\/(?:acl|shared|lock\/kernel)|crypto\/collect|signals)\.ts$/,
  /^inbox\/src\/(?:commands\/|arguments|main|process)/,
];

const COMMAND = "open|verify|inspect|rewrap|keygen|pub|contacts|accept|journal|completion";
const INBOX_COMMAND = "serve|init|add|list|token|unlock";
const NAMED: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["an option", /(?<![\w$)\]-])--[a-z]{2,}/],
  ["a short option", /(?<=[\s('"`])-[a-z](?=[\s)'"`,.;])/],
  // What files begin with is no command: "seal journal cursor 1".
  ["a command", new RegExp(`\\bseal (?:${COMMAND}|-)(?! (?:cursor|term) 1)(?![\\w-])`)],
  ["a command of the inbox", new RegExp(`\\bseal-inbox (?:${INBOX_COMMAND})\\b`)],
];

/** The lines of a source that hold text, without comments. */
function texts(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/.*|\/?\*.*)$/gm, "").replace(/\s\/\/ .*$/gm, "");
  return code.split("\n").filter((line) => /["'`]/.test(line));
}

function found(source: string): string[] {
  return texts(source).flatMap((line) =>
    NAMED.flatMap(([what, pattern]) => (pattern.test(line) ? [`${what}: ${line.trim()}`] : [])),
  );
}

const files = ["src", "inbox/src"].flatMap((folder) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`),
);

test("no text below the command line names an option or a command", () => {
  const below = files.filter((file) => !AT_HOME.some((pattern) => pattern.test(file)));
  expect(below.length).toBeGreaterThan(150);
  const wrong = below.flatMap((file) =>
    found(readFileSync(`${ROOT}${file}`, "utf8")).map((line) => `${file}: ${line}`),
  );
  expect(wrong).toEqual([]);
});

test("and those that did are found", () => {
  const hints = [
    "hint: `To accept it: --from it`,",
    'hint: "Use -o for another name, or remove it first.",',
    'hint: "Use -o OUT.",',
    '{ hint: "See seal contacts list." }',
    "`tar c name | seal - … > OUT`",
    'hint: "Read it with seal journal read.",',
    'hint: "Name it with --dir, or make one: seal-inbox init DIR",',
  ];
  for (const hint of hints) expect(found(hint), hint).not.toEqual([]);
  const fine = ["utf8(`seal journal cursor 1\\nfor`)", '["wide", "a-z, 0-9, _ and -, and"]', "// --from names it"];
  for (const text of fine) expect(found(text), text).toEqual([]);
});
