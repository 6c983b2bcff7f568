// What is kept of an idempotency key and of the body that came with it. Neither is kept itself, and who has what is
// kept and guesses the body cannot check the guess without the key: which should therefore be random, and is not
// stored.

import { createHash, createHmac } from "node:crypto";
import { untraced } from "@sealed-files/seal/internal";

const BYTES = 16;

/** Visible ASCII; short ones would be guessed. */
const KEY = /^[\x21-\x7e]{16,128}$/;

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** A request that may come again. */
export interface KeyedRequest {
  readonly id: Uint8Array;
  readonly print: Uint8Array;
}

/** Keys of one producer are nobody else's. `framing`: how the body is to be read belongs to it. */
export function keyedRequest(producer: string, key: string, framing: string, body: Uint8Array): KeyedRequest {
  const scoped = `${producer}\0${key}`;
  const secret = createHash("sha256").update("seal-inbox print\0").update(scoped).digest();
  const id = createHash("sha256").update("seal-inbox key\0").update(scoped).digest();
  const mac = untraced(() => createHmac("sha256", secret));
  const print = mac.update(`${framing}\0`).update(body).digest();
  return { id: id.subarray(0, BYTES), print: print.subarray(0, BYTES) };
}
