// What becomes of the streams that an operation was given, where it fails before it comes to them.

import { letGo } from "../io/streams.js";

/** Does `work`. Where it fails, the streams are ended: who waits at their other ends is not left waiting. */
export async function ending<T>(streams: readonly unknown[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    letGo(...streams);
    throw error;
  }
}
