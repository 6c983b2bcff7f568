// How old an idempotency key is, by a clock that nobody sets. Turning the machine's clock forward must not make a key
// forgotten while its producer may still send again; so what is not known to have passed has not: over a restart of the
// machine, say.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readlinkSync } from "node:fs";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";
/** What time the process has, and what time its children will have. */
const TIME = "/proc/self/ns/time";
/** By how much the latter differs from the machine's. */
const OFFSETS = "/proc/self/timens_offsets";
export const BOOT_BYTES = 16;

/**
 * Milliseconds that have passed since some moment of this boot, or of this process where the system does not tell boots
 * apart.
 */
export interface SteadyClock {
  /** Readings under the same 16 bytes can be compared, in other processes too. */
  readonly boot: Uint8Array;
  now(): number;
}

/** Where a clock of ages was read last. */
export interface AgeStamp {
  readonly boot: Uint8Array;
  /** What the steady clock said then, and what the clock of ages. */
  readonly steady: number;
  readonly age: number;
}

let shared: SteadyClock | null = null;

export function steadyClock(): SteadyClock {
  shared ??= clockOfBoot() ?? { boot: randomBytes(BOOT_BYTES), now: () => Math.floor(performance.now()) };
  return shared;
}

/**
 * null where the system does not name its boots, or it is not known by how much this process's time is off. It is not
 * the uptime, which containers may see shifted (lxcfs).
 */
function clockOfBoot(): SteadyClock | null {
  try {
    const boot = Buffer.from(readFileSync(BOOT_ID, "latin1").trim().replaceAll("-", ""), "hex");
    const offset = existsSync(TIME) ? offsetOfTime() : 0;
    const now = () => Math.floor(Number(process.hrtime.bigint() / 1000n) / 1000 - offset);
    return boot.length === BOOT_BYTES && Number.isFinite(offset) ? { boot, now } : null;
  } catch {
    return null;
  }
}

/** By how many milliseconds a time namespace has put the monotonic clock on; NaN where that is not known. */
function offsetOfTime(): number {
  if (readlinkSync(TIME) !== readlinkSync(`${TIME}_for_children`)) return Number.NaN;
  const [, seconds, nanoseconds] = /^monotonic +(-?\d+) +(\d+)$/m.exec(readFileSync(OFFSETS, "latin1")) ?? [];
  return Number(seconds) * 1000 + Number(nanoseconds) / 1_000_000;
}

/**
 * Milliseconds for which an inbox has had keys, as far as that is known. It never goes back, and goes on where it was
 * left.
 */
export class AgeClock {
  readonly #steady: SteadyClock;
  #age = 0;
  #read: number;

  constructor(steady: SteadyClock = steadyClock()) {
    this.#steady = steady;
    this.#read = steady.now();
  }

  /**
   * Goes on from there: with the time that has passed since where the boot is the same, and with none where it is not.
   */
  resume({ boot, steady, age }: AgeStamp): void {
    const isSame = Buffer.compare(boot, this.#steady.boot) === 0;
    this.#age = age + (isSame ? Math.max(0, this.#steady.now() - steady) : 0);
    this.#read = this.#steady.now();
  }

  now(): number {
    const read = this.#steady.now();
    this.#age += Math.max(0, read - this.#read);
    this.#read = read;
    return this.#age;
  }

  stamp(): AgeStamp {
    return { age: this.now(), boot: this.#steady.boot, steady: this.#read };
  }
}
