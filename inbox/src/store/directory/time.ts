// For how long a directory has been in use, by the clock of ages.

import { AgeClock, type AgeStamp } from "../../idempotency/age.js";
import type { Moment, TextStore } from "../store.js";

/** Reads the clock, and keeps where it is. Throws `io`. */
export async function timeOf(kept: TextStore): Promise<Moment> {
  for (;;) {
    const before = await kept.get();
    const clock = new AgeClock();
    const stamp = before === null ? null : parseStamp(before);
    if (stamp) clock.resume(stamp);
    const { boot, steady, age } = clock.stamp();
    const text = `${JSON.stringify({ boot: Buffer.from(boot).toString("hex"), steady, age })}\n`;
    if (await kept.swap(before, text)) return { wall: Date.now(), age };
  }
}

/** null for what is none: then it is not known that any time has passed. */
function parseStamp(text: string): AgeStamp | null {
  try {
    const { boot, steady, age } = JSON.parse(text);
    const isStamp = typeof boot === "string" && Number.isFinite(steady) && Number.isFinite(age);
    return isStamp ? { boot: Buffer.from(boot, "hex"), steady, age } : null;
  } catch {
    return null;
  }
}
