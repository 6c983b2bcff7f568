// How much an inbox takes, and each of its producers: what its settings say, and what counts where they say nothing.

import { isName } from "../store/names.js";

/** null: as much as comes. */
export interface Limits {
  /** Requests a second, on average, and how many at once. */
  readonly rate: number | null;
  readonly burst: number | null;
  /** Bytes of bodies a day. */
  readonly bytes: number | null;
  /** Idempotency keys that are kept at a time. */
  readonly keys: number | null;
}

/** Limits that an operator has named. */
export type Named = Partial<Limits>;

export interface Rules {
  /** Of the inbox as a whole. */
  readonly inbox: Named;
  /** Of each producer. */
  readonly producers: Named;
  /** Of a producer by its name: they count before those of each. */
  readonly byName: Readonly<Record<string, Named>>;
}

const GIB = 2 ** 30;
/** What one runaway producer must not fill a disk with in a day; twenty requests a second of 17 KB are less. */
const OF_INBOX: Limits = { rate: null, burst: null, bytes: 64 * GIB, keys: null };
const OF_PRODUCER: Limits = { rate: null, burst: null, bytes: 32 * GIB, keys: null };

export const NO_RULES: Rules = { inbox: {}, producers: {}, byName: {} };
/** Producers that may have rules of their own. */
export const MOST_NAMED = 1000;
/** Of a limit. */
export const MOST = 2 ** 50;

export function limitsOfInbox({ inbox }: Rules): Limits {
  return { ...OF_INBOX, ...inbox };
}

/** null: of those that have no rules of their own. */
export function limitsOfProducer({ producers, byName }: Rules, name: string | null): Limits {
  const own = name !== null && Object.hasOwn(byName, name) ? byName[name] : {};
  return { ...OF_PRODUCER, ...producers, ...own };
}

/** What was stored; null for what is none. */
export function parseRules(stored: unknown): Rules | null {
  if (!isObject(stored)) return null;
  const { inbox = {}, producers = {}, byName = {} } = stored as Record<string, unknown>;
  if (![inbox, producers, byName].every(isObject)) return null;
  const named = Object.entries(byName as object);
  if (named.length > MOST_NAMED || !named.every(([name]) => isName(name))) return null;
  const all = [inbox, producers, ...named.map(([, limits]) => limits)];
  return all.every(isNamed) ? ({ inbox, producers, byName } as Rules) : null;
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

const NAMES = Object.keys(OF_INBOX);

function isNamed(value: unknown): boolean {
  return isObject(value) && Object.entries(value).every(([name, limit]) => NAMES.includes(name) && isLimit(limit));
}

function isLimit(value: unknown): boolean {
  return value === null || (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MOST);
}
