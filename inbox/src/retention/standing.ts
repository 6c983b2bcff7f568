// What readers have acknowledged of the journal that is there now: it may have been restored or replaced since.

import { SealError } from "@sealed-files/seal";
import { type Cursor, loadSuite, placeOf } from "@sealed-files/seal/internal";
import { isNotThere, isOvertaken } from "../codes.js";
import type { Place } from "../store/store.js";
import { type Held, parseLedger, placeIn } from "./ledger.js";

type Journal = Pick<Place, "reading">;

type Standing = "there" | "removed" | "none";

/** How often a journal is looked at that is shortened meanwhile. */
const TRIES = 3;

/** Whether the journal has a cursor's place, or had it at its front, or is another one or none. Throws `io`. */
export async function standing(place: Journal, cursor: Cursor): Promise<Standing> {
  for (let tries = 1; ; tries++) {
    try {
      return await lookedAt(place, cursor);
    } catch (error) {
      if (tries === TRIES || !isOvertaken(error)) throw error;
    }
  }
}

async function lookedAt(place: Journal, cursor: Cursor): Promise<Standing> {
  let reading: Awaited<ReturnType<Place["reading"]>> | undefined;
  try {
    reading = await place.reading();
    const policy = { from: "any", allowUnsigned: false } as const;
    await placeOf(reading, { suite: await loadSuite(), policy, cursor });
    return "there";
  } catch (error) {
    if (isNotThere(error)) return "none";
    if (!(error instanceof SealError)) throw error;
    if (error.reason === "removed") return "removed";
    if (error.code === "tampered" || error.code === "malformed") return "none";
    throw error;
  } finally {
    await reading?.close();
  }
}

/** What readers of these names have of the journal as it is now. Throws `io`. */
export async function heldBy(place: Pick<Place, "reading" | "ledger">, names: readonly string[]): Promise<Held> {
  const { readers } = parseLedger(await place.ledger.get());
  const held = new Map<string, string | null>();
  for (const name of names) {
    const cursor = readers.get(name);
    const isThere = cursor !== undefined && (await standing(place, placeIn(cursor))) === "there";
    held.set(name, isThere ? cursor : null);
  }
  return held;
}
