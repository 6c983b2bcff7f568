// Whether something is mounted on a name: then no other file can be given that name.

import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withoutLinks } from "./paths.js";

/** Only Linux can mount on a file. */
export function isMountPoint(target: string): boolean {
  if (process.platform !== "linux") return false;
  let table: string;
  try {
    table = readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return false; // no /proc: the rename will tell
  }
  const path = join(withoutLinks(dirname(target)), basename(target));
  // ID parent device root MOUNT-POINT …, with blanks and the like in octal.
  const octal = path.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return table.split("\n").some((line) => line.split(" ", 5)[4] === octal);
}
