// A passphrase that nobody has to think of: five groups of four letters, which are 91 bits.

/** 24 letters that are not taken for others. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz";
const [GROUPS, GROUP] = [5, 4];

export function madeUpPassphrase(): string {
  const letters = Array.from({ length: GROUPS * GROUP }, letter);
  return Array.from({ length: GROUPS }, (_, i) => letters.slice(GROUP * i, GROUP * (i + 1)).join("")).join("-");
}

/** Each is as likely. */
function letter(): string {
  for (;;) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 240) return LETTERS[byte % LETTERS.length]!;
  }
}
