// Long rounds: sweeps over every byte, kills, floods, browsers. `npm test` runs a part of them, SEAL_TEST=long most,
// SEAL_TEST=whole all.

import { beforeEach } from "vitest";

export const IS_WHOLE = process.env.SEAL_TEST === "whole";
export const IS_LONG = IS_WHOLE || process.env.SEAL_TEST === "long";

/** Every so-manieth of them, where not everything is run; of twice as many, where most is. */
export function sampled<T>(all: readonly T[], every: number): T[] {
  const step = IS_LONG ? Math.ceil(every / 2) : every;
  return all.filter((_, index) => IS_WHOLE || index % step === 0);
}

/** The step of a sweep: one that shares no factor with sizes, where not everything is run. */
export const STEP = IS_WHOLE ? 1 : 7;

/**
 * Called at the top of a file whose tests start many programs: one in so many of them is run, from the first on, where
 * not everything is; the others are counted as skipped.
 */
export function oneIn(every: number, inLong = 1): void {
  let index = 0;
  const step = IS_LONG ? inLong : every;
  beforeEach(({ skip }) => skip(!IS_WHOLE && index++ % step !== 0, "SEAL_TEST=long or whole runs it"));
}
