// What callers give, checked when the program runs: each thing is read once, from own properties only, copied where it
// could change, and refused where it is not what the types say. Whatever the library exports takes its arguments
// through here.

import { closest } from "../closest.js";
import { SealError } from "../errors.js";
import { typedArrayKind } from "../given.js";

/** Gives the value as the library goes on with it. Throws `usage`, which names `what`. */
export type Check<T> = (value: unknown, what: string) => T;

export type Checks = Readonly<Record<string, Check<unknown>>>;

/** An object that has each of the names, undefined where it was not given, and inherits nothing. */
export type Settings<C extends Checks> = { readonly [Name in keyof C]: ReturnType<C[Name]> };

/** The error for a value that is not what it must be. It tells the value's kind, and the value only of numbers. */
export function refused(what: string, value: unknown, due: string): SealError {
  return new SealError("usage", `${what} is ${described(value)}: it must be ${due}`);
}

/** What the value is, in words that show nothing of it but a number. */
function described(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === "") return "an empty string";
  if (typeof value !== "object") return `a ${typeof value}`;
  const kind = kindOfObject(value).slice(0, 40);
  return `${/^[AEIO]/i.test(kind) ? "an" : "a"} ${kind}`;
}

function kindOfObject(value: object): string {
  const kind = attempt(() => {
    const [, tag] = /^\[object (\w+)\]$/.exec(Object.prototype.toString.call(value)) ?? [];
    return typedArrayKind(value) ?? (tag === undefined || tag === "Object" ? "object" : tag);
  });
  return kind === "Array" ? "array" : (kind ?? "proxy that was revoked");
}

/**
 * The settings that an object states. Names that are not known are refused: a demand that is misspelt would not be
 * made. So are those that it inherits from anything but the common prototype of objects, where nothing is looked for.
 */
export function settings<C extends Checks>(value: unknown, what: string, checks: C): Settings<C> {
  const given = propertiesOf(value, what, Object.keys(checks));
  for (const name of given.keys()) {
    if (Object.hasOwn(checks, name)) continue;
    const meant = closest(name, Object.keys(checks));
    throw new SealError("usage", `${what} has no ${JSON.stringify(name.slice(0, 40))}`, {
      hint: meant ? `Did you mean: ${meant}` : `It takes ${Object.keys(checks).join(", ")}.`,
    });
  }
  const out: Record<string, unknown> = Object.create(null);
  for (const [name, check] of Object.entries(checks)) out[name] = check(given.get(name), nameIn(what, name));
  return out as Settings<C>;
}

function nameIn(what: string, name: string): string {
  return what === OPTIONS ? name : `${what}.${name}`;
}

/** What errors call the options of a call, whose names stand for themselves. */
export const OPTIONS = "options";

/** The own properties of an object, each read once. */
export function propertiesOf(value: unknown, what: string, known: readonly string[] = []): Map<string, unknown> {
  if (!isObject(value)) throw refused(what, value, "an object");
  return reading(what, () => {
    const inherited = known.find((name) => inherits(value, name));
    if (inherited) throw new SealError("usage", `${what} inherits ${inherited}: only its own properties count`);
    const names = Reflect.ownKeys(value).filter((name) => typeof name === "string");
    return new Map(names.map((name) => [name, Reflect.get(value, name)]));
  });
}

/** An object that may hold settings: none of those that JavaScript or the platform make for something else. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && kindOfObject(value) === "object";
}

/** Whether it is an object with such a method, its own or not. */
export function hasMethod(value: unknown, name: string | symbol): value is object {
  if (typeof value !== "object" || value === null) return false;
  return attempt(() => typeof Reflect.get(value, name) === "function") === true;
}

/** `instanceof`, for values that may not let themselves be looked at. */
export function isA<T>(value: unknown, Class: abstract new (...args: never[]) => T): value is T {
  return attempt(() => value instanceof Class) === true;
}

function isArray(value: unknown): value is readonly unknown[] {
  return attempt(() => Array.isArray(value)) === true;
}

const DEEPEST = 100;

/**
 * Whether a prototype has the name that the object itself has not. The prototype of all objects, of whatever realm,
 * does not count.
 */
function inherits(value: object, name: string): boolean {
  if (Object.hasOwn(value, name)) return false;
  let at: object | null = Object.getPrototypeOf(value);
  for (let depth = 0; at !== null && depth < DEEPEST; depth++) {
    const next: object | null = Object.getPrototypeOf(at);
    if (next === null && Object.hasOwn(at, "isPrototypeOf")) return false;
    if (Object.hasOwn(at, name)) return true;
    at = next;
  }
  return at !== null;
}

/**
 * Does `work`, in which code of the caller's may run: a getter, a proxy. What that throws is the cause of a `usage`.
 */
function reading<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SealError) throw error;
    throw new SealError("usage", `${what} cannot be read`, { cause: error });
  }
}

/** Something that may be left out. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, what) => (value === undefined ? undefined : check(value, what));
}

/** An array, of which each element is read once before any is checked. */
export function list<T>(check: Check<T>, due = "an array"): Check<readonly T[]> {
  return (value, what) => {
    if (!isArray(value)) throw refused(what, value, due);
    const elements = reading(what, () => {
      const out: unknown[] = [];
      for (let i = 0, { length } = value; i < length; i++) out.push(Object.hasOwn(value, i) ? value[i] : undefined);
      return out;
    });
    return elements.map((element, i) => check(element, `${what}[${i}]`));
  };
}

/** A text that can be written as UTF-8. */
export const text: Check<string> = (value, what) => {
  if (typeof value !== "string") throw refused(what, value, "a string");
  if (value.isWellFormed()) return value;
  throw new SealError("usage", `${what} has a lone surrogate, which UTF-8 cannot encode`);
};

export const path: Check<string> = (value, what) => {
  const checked = text(value, what);
  if (checked === "") throw refused(what, value, "a path");
  if (checked.includes("\0")) throw new SealError("usage", `${what} contains a zero byte, which no path can have`);
  return checked;
};

export const flag: Check<boolean> = (value, what) => {
  if (typeof value === "boolean") return value;
  throw refused(what, value, "true or false");
};

/** A number from `least` on. */
export function number(least: number, due: string): Check<number> {
  return (value, what) => {
    if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
    throw refused(what, value, due);
  };
}

/** A whole number from `least` on, as exact as numbers are. */
export function whole(least: number): Check<number> {
  return (value, what) => {
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    throw refused(what, value, `a whole number, at least ${least}`);
  };
}

/** A date, as Unix milliseconds. */
export const date: Check<number> = (value, what) => {
  const time = attempt(() => Date.prototype.getTime.call(value));
  if (time === null) throw refused(what, value, "a Date");
  if (Number.isNaN(time)) throw new SealError("usage", `${what} is an invalid Date`);
  return time;
};

export function callback<F extends (...args: never[]) => unknown>(value: unknown, what: string): F {
  if (typeof value === "function") return value as F;
  throw refused(what, value, "a function");
}

const abortedOf = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;

/** A signal of the platform's: what only looks like one might never tell. */
export const abortSignal: Check<AbortSignal> = (value, what) => {
  if (attempt(() => abortedOf.call(value)) === null) throw refused(what, value, "an AbortSignal");
  return value as AbortSignal;
};

/**
 * null where that throws: the value is not of the kind that a method of the platform's is for, or does not let itself
 * be looked at.
 */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

/** An object of the caller's own making: the methods that it must have, wherever it has them from. */
export function withMethods<T extends object>(value: unknown, what: string, names: readonly (keyof T & string)[]): T {
  if (typeof value !== "object" || value === null) throw refused(what, value, "an object");
  const missing = names.find((name) => !hasMethod(value, name));
  if (missing !== undefined) throw new SealError("usage", `${what} has no method ${missing}`);
  return value as T;
}

/** Has methods work on their object, also where they are called without it: `const { append } = writer`. */
export function bindMethods<T extends object>(object: T, names: readonly (keyof T)[]): void {
  for (const name of names) {
    const method = object[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(object, name, { value: method.bind(object) });
  }
}

/** Objects of our classes are made by their own functions, which check what they are given. */
export function refuseNew(isOurs: boolean, what: string, made: string): void {
  if (!isOurs) throw new SealError("usage", `${what} cannot be constructed with new`, { hint: `Use ${made}.` });
}
