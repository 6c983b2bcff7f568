// Names that nobody can guess. Every Node has this generator, whichever suite is chosen.

import { randomBytes } from "node:crypto";

/** 16 random hexadecimal digits. */
export function randomName(): string {
  return randomBytes(8).toString("hex");
}
