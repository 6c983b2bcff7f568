// Partial files of earlier runs, as a run that has many outputs finds them.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namesOnce, partialsOf } from "../../src/io/partial-files.js";
import { folder } from "./folder.js";

test("each directory is read once, before the run: what comes later is not an earlier run's", () => {
  const { path } = folder();
  const left = (directory: string, name: string) => {
    const partial = join(directory, `.${name}.0123456789abcdef.seal-partial`);
    writeFileSync(partial, "");
    return partial;
  };
  const other = join(path, "other");
  mkdirSync(other);
  const first = left(path, "first");
  const names = namesOnce();
  expect(partialsOf(join(path, "second"), names)).toEqual([]);
  const [second, third] = [left(path, "second"), left(other, "third")];
  expect(partialsOf(join(path, "first"), names)).toEqual([first]);
  expect(partialsOf(join(path, "second"), names)).toEqual([]);
  expect(partialsOf(join(path, "second"))).toEqual([second]);
  expect(partialsOf(join(other, "third"), names)).toEqual([third]);
  rmSync(first);
  expect(partialsOf(join(path, "first"), names)).toEqual([]);
});
