// Names: those that nobody can guess, and short ones for long ones. Every Node has what they are made by, whichever
// suite is chosen.

import { createHash, randomBytes } from "node:crypto";

/** 16 random hexadecimal digits. */
export function randomName(): string {
  return randomBytes(8).toString("hex");
}

/** 32 hexadecimal digits that stand for these bytes and no others. */
export function digestName(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}
