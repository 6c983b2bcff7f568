// Standard input and output as input and output.

import { type BigIntStats, createReadStream, fstatSync } from "node:fs";
import { SealError } from "../errors.js";
import type { Source } from "../ops/io.js";
import { descriptorSink, type OutputSink } from "./descriptor.js";
import { type FileId, type FileSource, isSame, READ_SIZE } from "./files.js";
import { net, tty } from "./lazy.js";
import { pipeSource } from "./pipe.js";
import { streamSource, writableSink } from "./streams.js";

/** Throws `usage` where it is a directory. */
export function stdinSource(): FileSource {
  const name = "standard input";
  const stat = fstatSync(0, { bigint: true });
  if (stat.isDirectory()) throw new SealError("usage", `${name} is a directory`);
  return { ...sourceOf(stat, name), id: { dev: stat.dev, ino: stat.ino } };
}

function sourceOf(stat: BigIntStats, name: string): Source {
  if (stat.isFIFO() || stat.isSocket()) return pipeSource(0, name);
  if (tty().isatty(0)) return streamSource(process.stdin, name);
  // process.stdin would be an empty stream for what it does not know, such as a block device.
  return streamSource(createReadStream("", { fd: 0, autoClose: false, highWaterMark: READ_SIZE }), name);
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
  const stat = fstatSync(1, { bigint: true });
  if (stat.isFile() && isSame(stat, input)) {
    throw new SealError("usage", "input and output are the same file");
  }
  const name = "standard output";
  if (!stat.isFIFO() && !stat.isSocket()) return descriptorSink(1, name, { keepOpen: true });
  const socket = new (net().Socket)({ fd: 1, readable: false, writable: true });
  return { ...writableSink(socket, name, { keepOpen: true, keeps: false }), isTerminal: false };
}
