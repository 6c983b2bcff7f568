// Text that comes from a file, a server or the command line, made safe to print.

export const UNSAFE = /[\p{Cc}\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** A secret key that was pasted where it does not belong is not repeated, nor are user name and password in an address. */
export function redacted(text: string): string {
  return text.replace(/SEAL-SECRET-KEY-1[a-z0-9]+/gi, "SEAL-SECRET-KEY-1…").replace(CREDENTIALS, "$1");
}

const CREDENTIALS = /(\bhttps?:\/\/)[^\s/?#"']*@/gi;

/** The text without secrets, and with control, bidirectional and other invisible characters as \xNN or \uNNNN. */
export function escaped(text: string): string {
  return redacted(text).replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
