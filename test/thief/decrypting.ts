// A program that decrypts what stands in a file, on whose memory the thief comes. What it has decrypted it erases, but
// for what it is told to keep.

import { readFileSync } from "node:fs";
import { native } from "../../src/crypto/native.js";
import { copySecret, erase, type Secret } from "../../src/crypto/secret.js";

export interface Piece {
  readonly how: "aeadOpen" | "aeadOpen, refused" | "aesCtr" | "kept";
  /** In hexadecimal, as are the others. */
  readonly key: string;
  /** Or the counter. */
  readonly nonce: string;
  readonly sealed: string;
}

const bytes = (text: string) => Buffer.from(text, "hex");
const pieces: Piece[] = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const kept: Secret[] = [];
for (const { how, key, nonce, sealed } of pieces) {
  const given = bytes(key);
  const secret = copySecret(given);
  erase(given);
  const work = how === "aesCtr" ? native.aesCtr : native.aeadOpen;
  const plaintext = work(secret, bytes(nonce), bytes(sealed));
  if ((plaintext === null) !== (how === "aeadOpen, refused")) throw new Error(how);
  if (how === "kept") kept.push(plaintext!);
  else if (plaintext) erase(plaintext);
  erase(secret);
}
console.log("done");
setInterval(() => kept.length, 1000);
