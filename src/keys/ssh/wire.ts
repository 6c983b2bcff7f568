// How ssh writes keys down: numbers of four bytes, and strings that one of them stands before (RFC 4251, 5).

import { base64 } from "@scure/base";
import { type Bytes, concat, utf8 } from "../../bytes.js";

/** Reads one field after the other; null where there are too few bytes. It gives views, as `part` makes them. */
export class SshFields<T extends Uint8Array> {
  readonly #bytes: T;
  readonly #part: (bytes: T, start: number, end: number) => T;
  #at = 0;

  constructor(bytes: T, part: (bytes: T, start: number, end: number) => T) {
    this.#bytes = bytes;
    this.#part = part;
  }

  number(): number | null {
    const bytes = this.take(4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  }

  string(): T | null {
    const length = this.number();
    return length === null ? null : this.take(length);
  }

  take(length: number): T | null {
    if (length > this.#bytes.length - this.#at) return null;
    this.#at += length;
    return this.#part(this.#bytes, this.#at - length, this.#at);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }
}

/** The fields of what everybody may see. */
export function publicFields(bytes: Uint8Array): SshFields<Uint8Array> {
  return new SshFields(bytes, (all, start, end) => all.subarray(start, end));
}

export function sshString(bytes: Uint8Array): Bytes {
  return concat(sshNumber(bytes.length), bytes);
}

export function sshNumber(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** What base64 stands for, padded, with zero trailing bits; null where it is none. */
export function sshBytes(text: string): Bytes | null {
  try {
    return Uint8Array.from(base64.decode(text));
  } catch {
    return null;
  }
}

const ED25519 = utf8("ssh-ed25519");

/** An Ed25519 public key as ssh has it. */
export function sshBlob(publicKey: Uint8Array): Bytes {
  return concat(sshString(ED25519), sshString(publicKey));
}
