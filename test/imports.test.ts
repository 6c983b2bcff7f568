// Imports point one way (errors, bytes, given, time, signals ← crypto ← format ← engine, keys ← flow ← header ← files,
// journal ← io ← api, cli), and what is particular to the platform stays in its place.

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
  ["bytes.ts", "closest.ts", "time.ts", "signals.ts"],
  ["given.ts"],
  ["crypto"],
  ["format"],
  ["engine", "keys"],
  ["flow"],
  ["header"],
  ["files", "journal"],
  ["io"],
  ["api", "cli"],
  ["web"],
  ["index.ts", "internal.ts"],
];

/** The folders, or files, where a package or a module of Node's may be imported that may not be everywhere. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  // What the program begins with is to load nothing else of it.
  "node:crypto": ["crypto", "cli/compiled.ts"],
  "@noble": ["crypto"],
  "bcrypt-pbkdf": ["crypto"],
  "@scure": ["keys"],
  "node:fs": ["io", "cli", "engine", "signals.ts"],
  "node:child_process": ["io"],
  "node:net": ["io"],
  "node:tty": ["io", "cli"],
  "node:http": ["io"],
  "node:worker_threads": ["engine"],
  commander: ["cli"],
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

test("no two modules export the same name", () => {
  const names = /^export\s+(?:(?:async|abstract|declare)\s+)?(?:function\*?|class|interface|type|const|let)\s+(\w+)/gm;
  const places = new Map<string, string[]>();
  for (const file of files)
    for (const name of new Set([...readFileSync(join(SRC, file), "utf8").matchAll(names)].map(([, name]) => name!)))
      places.set(name, [...(places.get(name) ?? []), file]);
  expect(places.size).toBeGreaterThan(400);
  expect([...places].filter(([, homes]) => homes.length > 1)).toEqual([]);
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
    const wrong = edges.filter(
      ({ file, target }) => packageOf(target) === name && !folders.includes(folderOf(file)) && !folders.includes(file),
    );
    expect(wrong).toEqual([]);
  });

  test("every other module of Node's by its node: name, and no package beside those", () => {
    const others = edges.filter(({ target }) => !existsSync(join(SRC, target)));
    const packages = new Set(others.map(({ target }) => packageOf(target)));
    const known = Object.keys(PLACES);
    expect([...packages].filter((name) => !name.startsWith("node:") && !known.includes(name))).toEqual([]);
  });
});

test("paths are made whole, and links followed, in one place, which minds names that are not UTF-8", () => {
  const words =
    /\b(resolve|realpath(Sync)?|readlink(Sync)?)\b[^;]*\} from "node:(path|fs|fs\/promises)"|process\.cwd\(/;
  const users = files.filter((file) => words.test(readFileSync(join(SRC, file), "utf8")));
  expect(users.sort()).toEqual(["io/paths.ts", "io/utf8.ts"]);
});

test("keys are drawn in two places, which take the public key with the pair: to export it later may stop Node 20", () => {
  const root = join(SRC, "..");
  const sources = ["src", "inbox/src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${folder}/${file}`),
  );
  const drawing = sources.filter((file) => /generateKeyPair/.test(readFileSync(join(root, file), "utf8")));
  expect(drawing.sort()).toEqual(["inbox/src/peers/certificate.ts", "src/crypto/native-curves.ts"]);
  for (const file of drawing) {
    const text = readFileSync(join(root, file), "utf8");
    // Of each call, its beginning; the other places where the word stands are an import and a type.
    const calls = text.match(/\bgenerate(?:KeyPairSync)?\(.*(?:\n.*)?/g) ?? [];
    expect(
      calls.map((call) => call.includes("publicKeyEncoding")),
      file,
    ).toEqual([true]);
  }
});

describe("noble", () => {
  const LOADERS = ["crypto/portable-ml-kem.ts", "crypto/portable.ts", "crypto/strict.ts"];

  test("only the portable suite, its ML-KEM and the check of signers' keys import it", () => {
    const importers = edges.filter(({ target }) => target.startsWith("@noble/")).map(({ file }) => file);
    expect([...new Set(importers)].sort()).toEqual(LOADERS);
  });

  test("and those are loaded when they are needed, not before", () => {
    const others = edges.filter(({ file, target }) => LOADERS.includes(target) && !LOADERS.includes(file));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ isDynamic, isType }) => !isDynamic && !isType)).toEqual([]);
    for (const entry of [
      "index.ts",
      "crypto/native.ts",
      "engine/worker.ts",
      "cli/main.ts",
      "cli/commands/seal.ts",
      "files/seal.ts",
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

describe("what a browser can use", () => {
  const ENTRIES = [
    "crypto/portable.ts",
    "crypto/strict.ts",
    "engine/web-worker.ts",
    "files/inspect.ts",
    "files/open.ts",
    "files/range.ts",
    "files/verify.ts",
    "journal/reading/inspect.ts",
    "journal/reading/reader.ts",
    "journal/reading/verify.ts",
    "keys/contacts.ts",
    "keys/identity.ts",
    "web/index.ts",
  ];
  const ROOMS = ["errors.ts", "bytes.ts", "time.ts", "given.ts", "format", "keys", "flow", "header"];

  test.each(ENTRIES)("%s imports nothing of Node, by whatever way", (entry) => {
    expect(graph.has(entry)).toBe(true);
    expect([...staticallyLoadedBy(entry)].filter((name) => name.startsWith("node:"))).toEqual([]);
  });

  test("nor does anything in the rooms that it is made of", () => {
    const wrong = edges.filter(({ file, target }) => ROOMS.includes(folderOf(file)) && target.startsWith("node:"));
    expect(wrong).toEqual([]);
  });

  test("nor do they speak of what only Node has", () => {
    const names = /\b(?:process|Buffer|require|__dirname)\s*[.(]/;
    const code = (file: string) => readFileSync(join(SRC, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const wrong = files.filter((file) => ROOMS.includes(folderOf(file)) && names.test(code(file)));
    expect(wrong).toEqual([]);
  });
});

test("nothing loads node:fs/promises, which loads Node's readline and the history of its shell", () => {
  expect(edges.filter(({ target }) => target === "node:fs/promises")).toEqual([]);
  expect(edges.filter(({ target }) => target === "io/promises.ts").length).toBeGreaterThan(3);
});

test("no start loads what only completion and manual pages need", () => {
  const loaded = [...staticallyLoadedBy("cli/program.ts")];
  expect(loaded).toContain("cli/commands/completion.ts");
  expect(loaded.filter((file) => /^cli\/(completion|manual)\//.test(file))).toEqual([]);
});
