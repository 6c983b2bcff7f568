// The file system's promises, without node:fs/promises: that also loads Node's readline and the history of its shell,
// two milliseconds of every start.

import * as fs from "node:fs";
import { promisify } from "node:util";

export const lstat = promisify(fs.lstat);
export const mkdir = promisify(fs.mkdir);
export const readdir = promisify(fs.readdir);
export const stat = promisify(fs.stat);
export const unlink = promisify(fs.unlink);
