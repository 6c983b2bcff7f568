// What one execution may cost.

import { getHeapStatistics } from "node:v8";
import { Broken } from "../target.js";

/** Of processor time. */
const MOST_MILLISECONDS = 1000;
/** Of memory that is held at the end, collected since or not. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Of one byte array. Nothing that is fuzzed is nearly as long. */
const LARGEST_ARRAY = 8 * 1024 * 1024;

let largest = 0;

/**
 * Notes from now on how large the byte arrays are that are asked for: memory that is not written to shows nowhere else.
 */
export function watchArrays(): void {
  globalThis.Uint8Array = new Proxy(Uint8Array, {
    construct: (target, args, newTarget) => {
      if (typeof args[0] === "number" && args[0] > largest) largest = args[0];
      return Reflect.construct(target, args, newTarget);
    },
  });
}

/**
 * Runs `work`. Throws `Broken` where it takes too long or too much memory, and does so again when it is repeated: other
 * programs have the processor too, and the collector its own time.
 */
export async function bounded<T>(work: () => Promise<T>): Promise<T> {
  largest = 0;
  const before = memory();
  const started = performance.now();
  const value = await work();
  if (largest > LARGEST_ARRAY) throw new Broken(`a byte array of ${largest} bytes`);
  const slow = performance.now() - started > MOST_MILLISECONDS;
  if (!slow && memory() - before <= MOST_BYTES) return value;
  let fault: string | null = null;
  for (let times = 0; times < 2; times++) {
    fault = await faultOf(work);
    if (fault === null) return value;
  }
  throw new Broken(fault!);
}

async function faultOf(work: () => Promise<unknown>): Promise<string | null> {
  globalThis.gc?.();
  const before = memory();
  const started = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(started);
  if ((user + system) / 1000 > MOST_MILLISECONDS) return `more than ${MOST_MILLISECONDS} ms`;
  return memory() - before > MOST_BYTES ? `more than ${MOST_BYTES} bytes of memory` : null;
}

function memory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
