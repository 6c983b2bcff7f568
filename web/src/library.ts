// The library, as the page uses it: nothing else of seal's source is imported from here.

import { open, seal } from "../../src/web/index.js";

export * from "../../src/web/index.js";

/** Small things, sealed in memory. */
export async function sealBytes(bytes: Uint8Array, options: Parameters<typeof seal>[2]): Promise<Uint8Array> {
  return gathered((output) => seal(bytes, output, options));
}

/** Small things, opened in memory. Throws as `open`. */
export async function openBytes(bytes: Uint8Array, options: Parameters<typeof open>[2]): Promise<Uint8Array> {
  return gathered((output) => open(bytes, output, options));
}

async function gathered(work: (output: (bytes: Uint8Array) => void) => Promise<unknown>): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  await work((bytes) => void pieces.push(bytes.slice()));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
