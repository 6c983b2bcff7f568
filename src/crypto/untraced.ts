// What Node 24 finds out about keys by errors that it catches itself.

/**
 * Does what hands a key's bytes to node:crypto. Node 24 asks whether they are a KeyObject, and whether they are a
 * CryptoKey, by errors of its own: with their stack traces, that takes ten times as long as to start a cipher.
 */
export function untraced<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  // Assigned, it would throw where intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return work();
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
  }
}
