// Letting others have their turn, and waiting, with what every platform has.

/** Resolves when everything else that is ready has had its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
}

/** Milliseconds that work may take before others have their turn. */
const STRETCH = 10;

/**
 * What long work asks between its parts: resolves at once, or, each ten milliseconds, when everything else that is
 * ready has had its turn. Rejects with the signal's reason.
 */
export function pacer(signal?: AbortSignal): () => Promise<void> {
  // Not performance, which Node loads when it is first asked for. A clock that is put back is a turn as well.
  let began = Date.now();
  return async () => {
    if (Math.abs(Date.now() - began) >= STRETCH) {
      await turn();
      began = Date.now();
    }
    signal?.throwIfAborted();
  };
}

/** Resolves after so many milliseconds; rejects with the signal's reason. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
