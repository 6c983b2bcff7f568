// The width of what is written for people: prose in Markdown wraps at 100 columns, comments in code at 120. Tables,
// code blocks, and words that are longer, stay as they are.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TREE } from "../cli/sandbox.js";

const PROSE = 100;
const COMMENT = 120;

/** The files of the tree with such an ending, less what was installed, built or measured. */
function filesOf(...endings: readonly string[]): string[] {
  return readdirSync(TREE, { recursive: true, encoding: "utf8" }).filter(
    (name) =>
      endings.some((ending) => name.endsWith(ending)) && !/(^|\/)(node_modules|dist|coverage|\..*)\//.test(name),
  );
}

/** The lines that are too long, as "file:line". */
function tooLong(file: string, columns: number, counts: (line: string, code: boolean) => boolean): string[] {
  let code = false;
  return readFileSync(join(TREE, file), "utf8")
    .split("\n")
    .flatMap((line, i) => {
      const fence = /^\s*(```|~~~)/.test(line);
      if (fence) code = !code;
      const one = line.trim().split(" ").length === 1;
      return [...line].length > columns && !one && counts(line, code || fence) ? [`${file}:${i + 1}`] : [];
    });
}

test("prose in Markdown wraps at 100 columns", () => {
  const pages = filesOf(".md");
  expect(pages.length).toBeGreaterThan(20);
  const isProse = (line: string, code: boolean) => !code && !/^ {4}|^\s*(\||<|#|!?\[.*\]\(\S*\)\W*$)/.test(line);
  expect(pages.flatMap((page) => tooLong(page, PROSE, isProse))).toEqual([]);
});

test("comments in code wrap at 120 columns", () => {
  const sources = filesOf(".ts", ".js", ".mjs");
  expect(sources.length).toBeGreaterThan(300);
  const isComment = (line: string) => /^\s*(\/\/|\/\*|\* )/.test(line);
  expect(sources.flatMap((source) => tooLong(source, COMMENT, isComment))).toEqual([]);
});
