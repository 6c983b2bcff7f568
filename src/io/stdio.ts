// Standard input and output as input and output.

import { type BigIntStats, createReadStream, fstatSync, readSync, statSync, writeSync } from "node:fs";
import { ioError, SealError } from "../errors.js";
import type { Source } from "../flow/io.js";
import { descriptorSink, type OutputSink } from "./descriptor.js";
import { type FileId, type FileSource, isSame, READ_SIZE } from "./files.js";
import { net, tty } from "./lazy.js";
import { pipePieces, pipeSource } from "./pipe.js";
import { ownDescriptor } from "./shared.js";
import { streamSource, writableSink } from "./streams.js";

/** Throws `usage` where it is a directory; `io` where it is closed. */
export function stdinSource(): FileSource {
  const stat = checkedStdin();
  return { ...sourceOf(stat, STDIN), id: { dev: stat.dev, ino: stat.ino } };
}

const STDIN = "standard input";
const STDOUT = "standard output";

/** Whether something can come from standard input. Throws `usage` where it is a directory; `io` where it is closed. */
export function checkStdin(): void {
  checkedStdin();
}

function checkedStdin(): BigIntStats {
  const stat = statOf(0, `cannot read ${STDIN}`);
  if (stat.isDirectory()) throw new SealError("usage", `${STDIN} is a directory`);
  if (isStandIn(0, stat)) throw new SealError("io", `${STDIN} is closed`, { hint: "For an empty input: < /dev/null" });
  return stat;
}

function statOf(fd: number, what: string): BigIntStats {
  try {
    return fstatSync(fd, { bigint: true });
  } catch (error) {
    throw ioError(what, error);
  }
}

/**
 * Whether Node has put this in the place of a standard stream that was closed: /dev/null, for reading and writing,
 * while a shell's `< /dev/null` can only be read, and its `> /dev/null` only be written. A caller who opens it for both
 * cannot be told from that, and is refused rather than given an empty file for nothing, or told that data has gone
 * where it was to go.
 */
function isStandIn(fd: 0 | 1, { rdev }: BigIntStats): boolean {
  try {
    if (rdev !== statSync("/dev/null", { bigint: true }).rdev) return false;
    return (fd === 0 ? writeSync(fd, new Uint8Array()) : readSync(fd, new Uint8Array(1))) === 0;
  } catch {
    return false;
  }
}

function sourceOf(stat: BigIntStats, name: string): Source {
  if (stat.isFIFO() || stat.isSocket()) return pipeSource(ownDescriptor(0), name);
  if (tty().isatty(0)) return streamSource(process.stdin, name);
  // process.stdin would be an empty stream for what it does not know, such as a block device.
  return streamSource(createReadStream("", { fd: 0, autoClose: false, highWaterMark: READ_SIZE }), name);
}

/**
 * Whether standard input is the regular file of that name. What is wrong with a name is for whoever opens it to tell.
 */
export function isStdin(path: string): boolean {
  try {
    const there = statSync(path, { bigint: true });
    return there.isFile() && isSame(there, fstatSync(0, { bigint: true }));
  } catch {
    return false;
  }
}

/**
 * Standard input piece by piece, as it arrives. A piece is good until the next is asked for; whoever has used it may
 * overwrite it. Throws as `stdinSource`.
 */
export function stdinPieces(): AsyncIterable<Uint8Array> {
  const stat = checkedStdin();
  if (stat.isFIFO() || stat.isSocket()) return pipePieces(ownDescriptor(0));
  return tty().isatty(0) ? process.stdin : createReadStream("", { fd: 0, autoClose: false, highWaterMark: READ_SIZE });
}

/**
 * A pipe is written through the event loop, so that a reader who stalls does not keep signals from being served; a file
 * or device directly. It is left open. Throws `usage` where it is a file, and that file is the input; `io` where it is
 * closed.
 */
export function stdoutSink(input: FileId | null): OutputSink {
  const stat = statOf(1, `cannot write ${STDOUT}`);
  if (stat.isFile() && isSame(stat, input)) {
    throw new SealError("usage", "input and output are the same file");
  }
  if (isStandIn(1, stat)) {
    throw new SealError("io", `${STDOUT} is closed`, { hint: "To discard the output: > /dev/null" });
  }
  if (!stat.isFIFO() && !stat.isSocket()) return descriptorSink(1, STDOUT, { keepOpen: true });
  const socket = new (net().Socket)({ fd: ownDescriptor(1), readable: false, writable: true });
  return { ...writableSink(socket, STDOUT, { keepOpen: true, keeps: false }), isTerminal: false };
}
