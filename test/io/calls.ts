// A node:fs of which one call fails: the first, the second, whichever is asked for. Test files mock node:fs with it.

import { promisify } from "node:util";

/** Which call is to fail, counted from 1, and what came of it. 0 fails none, and counts all. */
export const play = { isOn: false, turn: 0, count: 0, failed: "" };

/** How often each call was made while the play was on. */
export const made: Record<string, number> = {};

const SYNC = ["openSync", "readSync", "writeSync", "fstatSync", "statSync", "lstatSync", "ftruncateSync", "fchmodSync"];
const NAMES = ["fchownSync", "linkSync", "renameSync", "unlinkSync", "realpathSync", "readlinkSync", "readFileSync"];
const ASYNC = ["open", "read", "write", "fsync", "fdatasync", "stat", "lstat", "readdir", "unlink", "mkdir"];

/** What a disk says that is full, and one that is broken. */
const codeOf = (name: string) => (/^write|^ftruncate|^mkdir/.test(name) ? "ENOSPC" : "EIO");

function act(name: string): void {
  if (!play.isOn) return;
  made[name] = (made[name] ?? 0) + 1;
  play.count += 1;
  if (play.count !== play.turn) return;
  play.failed = name;
  throw Object.assign(new Error(`${codeOf(name)}: ${name} is made to fail`), { code: codeOf(name) });
}

type Calls = Record<string, (...args: never[]) => unknown>;

function failing(real: Calls, name: string): (...args: never[]) => unknown {
  const call = real[name]!;
  const played = (...args: never[]) => {
    act(name);
    return call(...args);
  };
  // realpathSync has a variant of its own.
  const { native } = call as { native?: typeof call };
  return Object.assign(played, call, native && { native: failing({ [name]: native }, name) });
}

/** Whatever is said of it, it is closed afterwards, as Linux has it. */
function closing(real: Calls, name: string): (...args: never[]) => unknown {
  return (...args) => {
    const result = real[name]!(...args);
    act(name);
    return result;
  };
}

function promised(real: Calls, name: string): unknown {
  const call = promisify(real[name] as never) as (...args: unknown[]) => Promise<unknown>;
  const played = async (...args: unknown[]) => {
    act(name);
    return call(...args);
  };
  return Object.assign((real[name] as () => void).bind(real), { [promisify.custom]: played });
}

export function failingFs<T extends object>(module: T): T {
  const real = module as unknown as Calls;
  const played = Object.fromEntries([
    ...[...SYNC, ...NAMES].map((name) => [name, failing(real, name)]),
    ["closeSync", closing(real, "closeSync")],
    ...ASYNC.map((name) => [name, promised(real, name)]),
  ]);
  return { ...module, ...played, default: { ...module, ...played } };
}
