// What a caller gives. Byte arrays are known by what they are, not by what they say of themselves, and taken so that no
// size changes unseen.

import type { Bytes } from "./bytes.js";

/** What every typed array has, and no value can overwrite. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

function intrinsic<T>(name: string | symbol): (of: unknown) => T {
  const { get } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, name)!;
  return (of) => get!.call(of) as T;
}

/** The kind of a typed array; undefined for everything else. */
export const typedArrayKind = intrinsic<string | undefined>(Symbol.toStringTag);
const bufferOf = intrinsic<ArrayBufferLike>("buffer");
const offsetOf = intrinsic<number>("byteOffset");
const lengthOf = intrinsic<number>("length");

/** Whether it is a Uint8Array, a Buffer or another kind of one, of whatever realm. Runs no code of the value's own. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayKind(value) === "Uint8Array";
}

/**
 * A copy that is ours alone, and can be erased: outside of V8's heap. null where the memory has been given away or
 * taken back.
 */
export function copyOf(bytes: Uint8Array): Bytes | null {
  const length = lengthOf(bytes);
  try {
    // Of what has been given away the length is 0, and only this tells it from what is empty.
    if (length === 0) return new Uint8Array(bytes);
    const copy = new Uint8Array(new ArrayBuffer(length));
    copy.set(new Uint8Array(bufferOf(bytes), offsetOf(bytes), length));
    return copy;
  } catch {
    return null;
  }
}

/**
 * A plain view of the same bytes, whose length never grows; null where the memory has been given away or taken back.
 */
export function viewOf(bytes: Uint8Array): Uint8Array | null {
  const length = lengthOf(bytes);
  if (length === 0) return copyOf(bytes);
  return new Uint8Array(bufferOf(bytes), offsetOf(bytes), length);
}

/**
 * Settings of which nothing is inherited: what somebody has put into the prototype of all objects was not demanded, and
 * is not allowed.
 */
export function bare<T extends object>(settings: T): T {
  return Object.assign(Object.create(null), settings);
}
