// The text of a private key file of ssh's: base64 in lines, between two that begin and end it.

import { copySecret, erase, partOf, type Secret } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";
import { decodeSecretBase64 } from "./base64.js";
import { BEGIN_SSH, isBlankOrEnd, isLineEnd, standsAt } from "./kinds.js";

const END = "-----END OPENSSH PRIVATE KEY-----";
/** Letters in a line, by ssh-keygen, by what writes it as PEM, and by MIME's rule. */
const WIDTHS = [70, 64, 76];
/** A key of this kind has some 400 letters; one with a long comment, a thousand. */
const MAX_LETTERS = 65_536;
const [LF, CR] = [0x0a, 0x0d];

/** What stands between the lines that begin and end it. */
export function decodedBody(file: Secret, start: number): Secret {
  const letters = copySecret(partOf(file, start + BEGIN_SSH.length));
  try {
    const count = joinLines(letters, endOf(letters));
    if (count === 0) {
      throw new SealError("usage", "a private key of ssh's that does not stand in lines as ssh-keygen writes them", {
        reason: "ssh-private",
      });
    }
    const body = count <= MAX_LETTERS ? decodeSecretBase64(partOf(letters, 0, count)) : null;
    if (!body) throw damaged();
    return body;
  } finally {
    erase(letters);
  }
}

/**
 * Moves the letters of lines together, and says how many there are: none where it is not lines of one width, of which
 * the last may be shorter, behind the end of the first line.
 */
function joinLines(letters: Secret, end: number): number {
  let [at, count, width, length] = [afterLineEnd(letters, 0), 0, 0, 0];
  while (at < end) {
    // Only the last is shorter.
    if (length < width) return 0;
    length = 0;
    // There is one before the end.
    while (!isLineEnd(letters[at + length]!)) length++;
    width ||= length;
    if (length === 0 || length > width) return 0;
    letters.copyWithin(count, at, at + length);
    count += length;
    at = afterLineEnd(letters, at + length);
  }
  return at === end && WIDTHS.includes(width) ? count : 0;
}

/** Where the next line begins; infinitely far where none ends there. */
function afterLineEnd(letters: Secret, at: number): number {
  const feed = letters[at] === CR ? at + 1 : at;
  return letters[feed] === LF ? feed + 1 : Number.POSITIVE_INFINITY;
}

/** Where the last line begins, behind which there are only blanks. */
function endOf(letters: Secret): number {
  const begins = letters.findLastIndex((byte) => !isBlankOrEnd(byte)) + 1 - END.length;
  if (isLineEnd(letters[begins - 1]!) && standsAt(letters, begins, END)) return begins;
  throw damaged();
}

export function damaged(): SealError {
  return new SealError("usage", "the private key of ssh's is damaged");
}
