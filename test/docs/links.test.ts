// Links between the pages: they lead somewhere in the repository, and in the package, too.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { TREE } from "../cli/sandbox.js";

const LINK = /!?\[[^\]]*\]\(([^)\s]+)\)/g;

interface Link {
  readonly page: string;
  readonly target: string;
  readonly anchor: string | undefined;
}

let packed: string[];
let pages: string[];
let links: Link[];

beforeAll(() => {
  const list = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: TREE,
    encoding: "utf8",
  });
  packed = JSON.parse(list)[0].files.map(({ path }: { path: string }) => path);
  pages = packed.filter((name) => name.endsWith(".md"));
  links = pages.flatMap(linksOf);
}, 60_000);

function withoutCode(page: string): string {
  return readFileSync(join(TREE, page), "utf8")
    .replace(/^ *```[\s\S]*?^ *```$/gm, "")
    .replace(/`[^`\n]*`/g, "");
}

function linksOf(page: string): Link[] {
  return [...withoutCode(page).matchAll(LINK)]
    .map(([, to]) => to!)
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [path, anchor] = to.split("#");
      return { page, target: path === "" ? page : normalize(join(dirname(page), path!)), anchor };
    });
}

/** What a forge makes of a heading. */
function anchorsOf(page: string): string[] {
  const headings = withoutCode(page).match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("there are some", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/README.md", "docs/FORMAT.md"]));
  expect(links.length).toBeGreaterThan(40);
});

test("lead to what is in the repository", () => {
  expect(links.filter(({ target }) => !existsSync(join(TREE, target)))).toEqual([]);
});

test("lead to what is in the package", () => {
  const isPacked = (target: string) => packed.some((name) => name === target || name.startsWith(`${target}/`));
  expect(links.filter(({ target }) => !isPacked(target))).toEqual([]);
});

test("lead to headings that are there", () => {
  const dead = links.filter(
    ({ target, anchor }) => anchor && target.endsWith(".md") && !anchorsOf(target).includes(anchor),
  );
  expect(dead).toEqual([]);
});
