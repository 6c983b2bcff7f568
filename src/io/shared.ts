// A pipe that other programs hold too. What is set for waiting in the event loop (O_NONBLOCK) belongs to the open file
// and not to the descriptor, so it would be set for all of them, and stay where seal is killed: where the system gives
// seal an open file of its own, that one is used.

import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { ioError } from "../errors.js";
import { childProcess } from "./lazy.js";

const { O_RDONLY, O_WRONLY, O_NONBLOCK = 0 } = constants;

/** How often to look whether a FIFO still has its reader, in milliseconds. */
const POLL = 250;

/** Where the system shows what stands behind standard output. */
export const STDOUT_PATH = "/proc/self/fd/1";

/**
 * A descriptor of an open file of our own for the pipe; `fd` itself where there is none: for a socket, another user's
 * pipe, without /proc.
 */
export function ownDescriptor(fd: 0 | 1): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, (fd === 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK);
  } catch {
    return fd;
  }
}

/**
 * Does `work` with a signal that also aborts when nobody reads from the pipe at `path` any more, which who only waits
 * does not notice.
 */
export async function whileRead<T>(
  path: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const left = new AbortController();
  const leave = () => left.abort(closedPipe());
  const unwatch = path === STDOUT_PATH ? watchStdout(leave) : watchFifo(path, leave);
  try {
    return await work(AbortSignal.any([signal, left.signal]));
  } finally {
    unwatch();
  }
}

/** A FIFO that nobody reads from cannot be opened to write. */
function watchFifo(path: string, leave: () => void): () => void {
  const timer = setInterval(() => {
    try {
      if (statSync(path).isFIFO()) closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENXIO") leave();
    }
  }, POLL);
  return () => clearInterval(timer);
}

/**
 * A pipe without a name can, and Node has no poll(2): so tail(1) of GNU looks after it, which ends by SIGPIPE when its
 * output has no reader, and soon after this process has ended. Where there is no such tail, only the next write tells.
 */
function watchStdout(leave: () => void): () => void {
  if (!fstatSync(1).isFIFO()) return () => {};
  const child = childProcess().spawn("tail", ["-f", `--pid=${process.pid}`, "/dev/null"], {
    stdio: ["ignore", 1, "ignore"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  child.on("error", () => {});
  child.on("exit", (_code, signal) => {
    if (signal === "SIGPIPE") leave();
  });
  child.unref();
  return () => child.removeAllListeners("exit").kill();
}

function closedPipe(): Error {
  return ioError("cannot write to the pipe", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
}
