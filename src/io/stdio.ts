// Standard input and output as input and output.

import { type BigIntStats, createReadStream, fstatSync, statSync, writeSync } from "node:fs";
import { ioError, SealError } from "../errors.js";
import type { Source } from "../ops/io.js";
import { descriptorSink, type OutputSink } from "./descriptor.js";
import { type FileId, type FileSource, isSame, READ_SIZE } from "./files.js";
import { net, tty } from "./lazy.js";
import { pipeSource } from "./pipe.js";
import { streamSource, writableSink } from "./streams.js";

/** Throws `usage` where it is a directory; `io` where it is closed. */
export function stdinSource(): FileSource {
  const name = "standard input";
  const stat = statOf(0, `cannot read ${name}`);
  if (stat.isDirectory()) throw new SealError("usage", `${name} is a directory`);
  if (isStandIn(stat)) throw new SealError("io", `${name} is closed`, { hint: "For an empty input: < /dev/null" });
  return { ...sourceOf(stat, name), id: { dev: stat.dev, ino: stat.ino } };
}

function statOf(fd: number, what: string): BigIntStats {
  try {
    return fstatSync(fd, { bigint: true });
  } catch (error) {
    throw ioError(what, error);
  }
}

/**
 * Whether Node has put this in the place of a standard input that was closed: /dev/null, for reading and writing, while a shell's `< /dev/null`
 * can only be read. A caller who opens it for both cannot be told from that, and is refused rather than given an empty file for nothing.
 */
function isStandIn({ rdev }: BigIntStats): boolean {
  try {
    return rdev === statSync("/dev/null", { bigint: true }).rdev && writeSync(0, new Uint8Array()) === 0;
  } catch {
    return false;
  }
}

function sourceOf(stat: BigIntStats, name: string): Source {
  if (stat.isFIFO() || stat.isSocket()) return pipeSource(0, name);
  if (tty().isatty(0)) return streamSource(process.stdin, name);
  // process.stdin would be an empty stream for what it does not know, such as a block device.
  return streamSource(createReadStream("", { fd: 0, autoClose: false, highWaterMark: READ_SIZE }), name);
}

/** Whether standard input is the regular file of that name. What is wrong with a name is for whoever opens it to tell. */
export function isStdin(path: string): boolean {
  try {
    const there = statSync(path, { bigint: true });
    return there.isFile() && isSame(there, fstatSync(0, { bigint: true }));
  } catch {
    return false;
  }
}

/** Standard input piece by piece, as it arrives. Whoever has used a piece may overwrite it. Throws `usage` where it is a directory. */
export function stdinPieces(): AsyncIterable<Uint8Array> {
  const stat = fstatSync(0);
  if (stat.isDirectory()) throw new SealError("usage", "standard input is a directory");
  if (stat.isFIFO() || stat.isSocket()) return new (net().Socket)({ fd: 0, readable: true, writable: false });
  return tty().isatty(0) ? process.stdin : createReadStream("", { fd: 0, autoClose: false, highWaterMark: READ_SIZE });
}

/**
 * A pipe is written through the event loop, so that a reader who stalls does not keep signals from being served; a file or
 * device directly. It is left open. Throws `usage` where it is a file, and that file is the input.
 */
export function stdoutSink(input: FileId | null): OutputSink {
  const stat = statOf(1, "cannot write standard output");
  if (stat.isFile() && isSame(stat, input)) {
    throw new SealError("usage", "input and output are the same file");
  }
  const name = "standard output";
  if (!stat.isFIFO() && !stat.isSocket()) return descriptorSink(1, name, { keepOpen: true });
  const socket = new (net().Socket)({ fd: 1, readable: false, writable: true });
  return { ...writableSink(socket, name, { keepOpen: true, keeps: false }), isTerminal: false };
}
