// The fenced blocks of a page, for those who run them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TREE } from "../cli/sandbox.js";

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The path before it, alone in its paragraph. */
  readonly file: string | null;
}

const FENCED = /(?:^`([^`\n]+)`:\n\n)?^( *)```(\w+)\n([\s\S]*?)^ *```$/gm;

export function blocksOf(page: string): Block[] {
  return [...readFileSync(join(TREE, page), "utf8").matchAll(FENCED)].map(
    ([, file = null, indent, language, text]) => ({
      language: language!,
      text: text!.replace(new RegExp(`^${indent}`, "gm"), ""),
      file,
    }),
  );
}
