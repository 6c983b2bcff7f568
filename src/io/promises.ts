// The file system's promises, without node:fs/promises: that also loads Node's readline and the history of its shell,
// two milliseconds of every start.

// By their names: the build copies what is imported as a whole, which takes another.
import {
  readdir as listNames,
  lstat as lstatFile,
  mkdir as makeDirectory,
  unlink as remove,
  stat as statFile,
} from "node:fs";
import { promisify } from "node:util";

export const lstat = promisify(lstatFile);
export const mkdir = promisify(makeDirectory);
export const readdir = promisify(listNames);
export const stat = promisify(statFile);
export const unlink = promisify(remove);
