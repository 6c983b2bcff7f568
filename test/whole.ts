// Long rounds: sweeps over every byte, kills, floods. `npm test` runs a part of them; SEAL_TEST=whole runs all.

export const IS_WHOLE = process.env.SEAL_TEST === "whole";

/** Every so-manieth of them, where not everything is run. */
export function sampled<T>(all: readonly T[], every: number): T[] {
  return all.filter((_, index) => IS_WHOLE || index % every === 0);
}

/** The step of a sweep: one that shares no factor with sizes, where not everything is run. */
export const STEP = IS_WHOLE ? 1 : 7;
