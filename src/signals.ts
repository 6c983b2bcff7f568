// Signals, in one table: which of them end a program, with which status, and which only asks.

import { fstatSync, readFileSync, statSync } from "node:fs";

/**
 * What would end the process, and can be heard. Not here: KILL; PIPE and XFSZ, which Node ignores, so that the write
 * fails that they tell of; ILL, TRAP, BUS, FPE, SEGV and SYS, which tell of a fault in the process itself, after which
 * nothing can be done that could be relied on; real-time signals, which Node cannot hear. A name that a system does not
 * know is never sent there.
 */
const ENDING = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGABRT",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGXCPU",
  "SIGVTALRM",
  "SIGPROF",
  "SIGIO",
  "SIGPWR",
  "SIGBREAK",
] as const satisfies readonly NodeJS.Signals[];

/** SIGINFO is what Ctrl-T sends, where there is such a thing. */
const ASKING = ["SIGUSR1", "SIGINFO"] as const satisfies readonly NodeJS.Signals[];

/**
 * Calls back at every signal that is to end the process, with the status for it; not for `own`, nor for SIGHUP under
 * nohup, nor for SIGPROF in a process that is profiled.
 */
export function onEnding(own: readonly NodeJS.Signals[], end: (signal: NodeJS.Signals, status: number) => void): void {
  const ignoresHangup = isHangupIgnored();
  for (const name of ENDING) {
    if (own.includes(name) || (name === "SIGPROF" && isProfiled())) continue;
    process.on(name, () => {
      if (name !== "SIGHUP" || !ignoresHangup) end(name, statusOf(name));
    });
  }
}

/** As a shell counts it. */
export function statusOf(signal: NodeJS.Signals): number {
  return 128 + process.getBuiltinModule("node:os").constants.signals[signal];
}

/** Calls back whenever somebody asks how far the work is. */
export function onAsking(tell: () => void): void {
  for (const name of ASKING) process.on(name, tell);
}

/**
 * Closes a debugger through which anybody on this machine could run code in the process, unless its command line asks
 * for one. SIGUSR1 opens one until a program listens to that signal, and so does NODE_OPTIONS. To be called before a
 * key is read.
 */
export function closeInspector(): void {
  if (process.execArgv.some((option) => /^--inspect(-brk|-wait)?(=|$)/.test(option))) return;
  // What node:inspector calls close(), without loading that module, which takes longer than all the rest of a start. It
  // waits for whoever is connected.
  (process as { _debugEnd?: () => void })._debugEnd?.();
}

/**
 * V8's profiler sends its own process SIGPROF for every sample. One that is started later, through a debugger, sees to
 * that itself.
 */
function isProfiled(): boolean {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")];
  return options.some((option) => /^"?--(cpu[-_])?prof"?$/.test(option));
}

/**
 * Whether whoever started this wants it to outlive its terminal. Before a line of ours runs, Node has put the signals
 * back to their defaults which it was to ignore. What is left to see: a parent that ignores the signal itself, and the
 * standard input that nohup gives instead of a terminal, /dev/null for writing only.
 */
function isHangupIgnored(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const [, ignored = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(textOf(`/proc/${process.ppid}/status`)) ?? [];
    if (process.ppid !== 1 && (Number.parseInt(ignored.slice(-1), 16) & 1) === 1) return true;
    const [, flags = "0"] = /^flags:\s*([0-7]+)$/m.exec(textOf("/proc/self/fdinfo/0")) ?? [];
    return (Number.parseInt(flags, 8) & 3) === 1 && fstatSync(0).rdev === statSync("/dev/null").rdev;
  } catch {
    return false; // no /proc
  }
}

function textOf(path: string): string {
  return readFileSync(path, "utf8");
}
