// Names of inboxes, and of those who have a token.

import { SealError } from "@sealed-files/seal";

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Whether it can be the name of an inbox, a producer or a reader; such a name is safe in paths, addresses and logs. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Throws `usage`. */
export function checkName(what: string, text: string): void {
  if (isName(text)) return;
  throw new SealError("usage", `this cannot be the name of ${what}`, {
    hint: "A name has 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or a digit.",
  });
}
