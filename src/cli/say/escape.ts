// Text that comes from a file, a server or the command line, made safe to print.

import { INVISIBLE } from "../../format/core.js";

/** What no label may have, and half a character. */
export const UNSAFE = new RegExp(`${INVISIBLE.source}|[\\ud800-\\udfff]`, "gu");

/**
 * A secret key that was pasted where it does not belong is not repeated, nor are user name and password in an address.
 */
export function redacted(text: string): string {
  return text
    .replace(/SEAL-SECRET-KEY-1[a-z0-9]+/gi, "SEAL-SECRET-KEY-1…")
    .replace(PRIVATE_KEYS, "(a private key)")
    .replace(CREDENTIALS, "$1");
}

/** Of ssh's and other programs, up to their end, or that of the text where they were cut. */
const PRIVATE_KEYS = new RegExp(
  [
    "-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [^-]*-----|$)",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----[^]*?(?:---- END [^-]*----|$)",
    "PuTTY-User-Key-File-[^]*?(?:Private-(?:MAC|Hash): ?[0-9a-f]+|$)",
  ].join("|"),
  "gi",
);

const CREDENTIALS = /(\bhttps?:\/\/)[^\s/?#"']*@/gi;

/** The text without secrets, and with characters that are unsafe as \xNN, \uNNNN or \u{NNNNN}. */
export function escaped(text: string): string {
  return redacted(text).replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    if (code.length > 4) return `\\u{${code}}`;
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
