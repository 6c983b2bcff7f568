// An output that is written in order through a descriptor.

import { fstatSync, write } from "node:fs";
import { promisify } from "node:util";
import { ioError } from "../errors.js";
import type { Sink } from "../flow/io.js";
import { closeFd } from "./files.js";
import { tty } from "./lazy.js";

const writeFd = promisify(write);

export interface OutputSink extends Sink {
  /** Whether it is a terminal, where binary data does harm. */
  readonly isTerminal: boolean;
}

/** Whether a descriptor is a terminal's. */
export function isTerminal(fd: number): boolean {
  return fstatSync(fd).isCharacterDevice() && tty().isatty(fd);
}

/** A sink that writes to a descriptor in order: a device, or a regular file that the shell opened. */
export function descriptorSink(fd: number, name: string, { keepOpen = false } = {}): OutputSink {
  let writing: Promise<unknown> = Promise.resolve();
  const close = async () => {
    if (keepOpen) return;
    // Closing it under a write could put that write into another file.
    await writing.catch(() => undefined);
    await closeFd(fd);
  };
  return {
    name,
    fd: null,
    keeps: false,
    isTerminal: isTerminal(fd),
    write: (bytes) => {
      const done = writeAll(fd, bytes, null, name);
      writing = done;
      return done;
    },
    commit: () =>
      close().catch((error) => {
        throw ioError(`cannot write ${name}`, error);
      }),
    abort: () => close().catch(() => undefined),
  };
}

/** Writes all the bytes, at a position or where the descriptor stands. Throws `io`. */
export async function writeAll(fd: number, bytes: Uint8Array, position: number | null, name: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await writeFd(fd, bytes, done, bytes.length - done, at).catch((error) => {
      throw ioError(`cannot write ${name}`, error);
    });
    done += bytesWritten;
  }
}
