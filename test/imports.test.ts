// Imports point one way (errors, bytes ← crypto ← format, chunk ← engine, keys ← ops ← journal ← io ← api, cli), and what is
// particular to the platform stays in its place.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

interface Import {
  /** A file of src/, from there; or a package or a module of Node's. */
  readonly target: string;
  /** Gone after compilation. */
  readonly isType: boolean;
  readonly isDynamic: boolean;
}

/** import … from, export … from, import "…" */
const STATIC = /^(?:import|export)\s+(?:(type\s)?[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\b(?:import|require|getBuiltinModule)\(\s*"([^"]+)"/g;
/** A worker is an import, too. */
const URLS = /new URL\(\s*"([^"]+)",\s*import\.meta\.url/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), "utf8").replace(/^\s*\/\/.*$/gm, "");
  const target = (path: string) =>
    path.startsWith(".") ? normalize(join(dirname(file), path)).replace(/\.js$/, ".ts") : path;
  return [
    ...[...text.matchAll(STATIC)].map(([, type, path]) => ({
      target: target(path!),
      isType: type !== undefined,
      isDynamic: false,
    })),
    ...[...text.matchAll(DYNAMIC), ...text.matchAll(URLS)].map(([, path]) => ({
      target: target(path!),
      isType: false,
      isDynamic: true,
    })),
  ];
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map(normalize);
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const edges = [...graph].flatMap(([file, imports]) => imports.map((found) => ({ file, ...found })));

/** A folder may import itself and those of lower levels. */
const LEVELS: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["bytes.ts"],
  ["crypto"],
  ["format"],
  ["chunk"],
  ["engine", "keys"],
  ["ops"],
  ["journal"],
  ["io"],
  ["api", "cli"],
  ["index.ts"],
];

/** Where else than in every folder a package or a module of Node's may be imported. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  "node:crypto": ["crypto"],
  "@noble": ["crypto"],
  "@scure": ["keys"],
  "node:fs": ["io", "cli", "engine"],
  "node:net": ["io"],
  "node:tty": ["io", "cli"],
  "node:http": ["io"],
  "node:worker_threads": ["engine"],
  commander: ["cli"],
  "cli-progress": ["cli"],
};

const folderOf = (file: string) => file.split("/")[0]!;
const levelOf = (file: string) => LEVELS.findIndex((folders) => folders.includes(folderOf(file)));
const packageOf = (target: string) => /^(?:node:\w+|[^/]+)/.exec(target)![0];

/** What a start of `entry` loads, whatever it then does. */
function staticallyLoadedBy(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const { target, isType, isDynamic } of graph.get(entry) ?? [])
    if (!isType && !isDynamic) staticallyLoadedBy(target, seen);
  return seen;
}

test("every import is seen, and leads to a file that is there", () => {
  for (const file of files) {
    const words = readFileSync(join(SRC, file), "utf8").match(/^(?:import\b|export .*\bfrom ")|\bimport\(/gm) ?? [];
    expect(graph.get(file)!.filter(({ target }) => target !== "").length, file).toBeGreaterThanOrEqual(words.length);
  }
  const missing = edges.filter(({ target }) => target.endsWith(".ts") && !graph.has(target));
  expect(missing).toEqual([]);
  expect(edges.filter(({ isDynamic }) => isDynamic).length).toBeGreaterThan(2);
});

test("every file has its level", () => {
  expect(files.filter((file) => levelOf(file) < 0)).toEqual([]);
});

test("imports point one way", () => {
  const wrong = edges.filter(
    ({ file, target }) => graph.has(target) && folderOf(file) !== folderOf(target) && levelOf(target) >= levelOf(file),
  );
  expect(wrong).toEqual([]);
});

test("nothing imports itself, by whatever way around", () => {
  const values = (file: string) => graph.get(file)!.filter(({ isType }) => !isType);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    expect(path, [...path, file].join(" → ")).not.toContain(file);
    if (done.has(file)) return;
    for (const { target } of values(file)) if (graph.has(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

describe("in its place:", () => {
  test.each(Object.entries(PLACES))("%s only in %j", (name, folders) => {
    const wrong = edges.filter(({ file, target }) => packageOf(target) === name && !folders.includes(folderOf(file)));
    expect(wrong).toEqual([]);
  });

  test("every other module of Node's by its node: name, and no package beside those", () => {
    const others = edges.filter(({ target }) => !existsSync(join(SRC, target)));
    const packages = new Set(others.map(({ target }) => packageOf(target)));
    const known = Object.keys(PLACES);
    expect([...packages].filter((name) => !name.startsWith("node:") && !known.includes(name))).toEqual([]);
  });
});

describe("noble", () => {
  const LOADERS = ["crypto/portable.ts", "crypto/strict.ts"];

  test("only the portable suite and the check of signers' keys import it", () => {
    const importers = edges.filter(({ target }) => target.startsWith("@noble/")).map(({ file }) => file);
    expect([...new Set(importers)].sort()).toEqual(LOADERS);
  });

  test("and those two are loaded when they are needed, not before", () => {
    const others = edges.filter(({ file, target }) => LOADERS.includes(target) && !LOADERS.includes(file));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ isDynamic, isType }) => !isDynamic && !isType)).toEqual([]);
    for (const entry of [
      "index.ts",
      "crypto/native.ts",
      "engine/worker.ts",
      "cli/main.ts",
      "cli/commands/seal.ts",
      "ops/seal.ts",
    ]) {
      const loaded = staticallyLoadedBy(entry);
      expect(graph.has(entry), entry).toBe(true);
      expect(
        [...loaded].filter((file) => LOADERS.includes(file) || file.startsWith("@noble/")),
        entry,
      ).toEqual([]);
    }
  });
});

test("no start loads what only completion and manual pages need", () => {
  const loaded = [...staticallyLoadedBy("cli/program.ts")];
  expect(loaded).toContain("cli/commands/completion.ts");
  expect(loaded.filter((file) => /^cli\/(completion|manual)\//.test(file))).toEqual([]);
});
