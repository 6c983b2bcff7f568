// The first eight bytes, and what to say of an input that does not begin with them (docs/FORMAT.md, "Core").

import { equal } from "../bytes.js";
import { SealError } from "../errors.js";

export const MAGIC = Uint8Array.of(0x89, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a, 0x1a);

const NAME = MAGIC.subarray(1, 5);
const REPLACED = Uint8Array.of(0xef, 0xbf, 0xbd);

/** The error for the first bytes (up to eight) of an input that is no sealed file. */
export function refuseMagic(start: Uint8Array): SealError {
  if (start.length === 0) return new SealError("malformed", "the input is empty, not a sealed file");
  if (isTextDamage(start)) {
    return new SealError("malformed", "a sealed file that was damaged by a transfer in text mode", {
      hint: "Transfer it again in binary mode: line ends or bytes above 127 were converted in transit.",
    });
  }
  if (equal(start, MAGIC.subarray(0, start.length))) {
    return new SealError("malformed", `the input ends after ${start.length} bytes, inside the magic`);
  }
  return new SealError("malformed", "not a sealed file");
}

/** "SEAL" behind a first byte that is whole, stripped to 7 bits, or replaced by U+FFFD: the rest was converted. */
function isTextDamage(start: Uint8Array): boolean {
  if (start.length < MAGIC.length) return false;
  if (start[0] === 0x89 || start[0] === 0x09) return equal(start.subarray(1, 5), NAME);
  return equal(start.subarray(0, 3), REPLACED) && equal(start.subarray(3, 7), NAME);
}
