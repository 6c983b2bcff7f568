// Where an output goes. Nothing of it has its name, or can be found, before all of it has been verified.

import { PLACE } from "../state/place.js";
import { safeName } from "../ui/safe.js";
import { memoryTarget } from "./memory.js";
import { pickedTarget } from "./picked.js";
import { canBeTemporary, temporaryTarget } from "./temporary.js";

export interface Target {
  readonly is: "picked" | "temporary" | "memory";
  /** Takes the bytes; an abort leaves nothing behind. */
  readonly stream: WritableStream<Uint8Array>;
  /** The whole output, after the stream was closed; null where the user has it already. */
  result(): Promise<Blob | null>;
  /** Removes what is left. Never throws. */
  discard(): Promise<void>;
}

/** The user has chosen no place. */
export class NoPlace extends Error {}

/** The output is larger than this browser can hold without a place of its own for it. */
export class TooLarge extends Error {}

/**
 * Asks where to save, if the browser can be asked: has to be called while a click is being handled. Otherwise the
 * output is kept aside, and saved as a download when it is whole. Throws `NoPlace`.
 */
export async function targetFor(name: string, otherwise: string): Promise<Target> {
  const safe = safeName(name, otherwise);
  if (PLACE.hasPicker) return pickedTarget(safe);
  return (await canBeTemporary()) ? temporaryTarget() : memoryTarget();
}
