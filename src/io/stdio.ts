// Standard input and output as input and output.

import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { SealError } from "../errors.js";
import type { Sink } from "../ops/io.js";
import type { FileId, FileSource } from "./files.js";
import { descriptorSink } from "./output.js";
import { streamSource, writableSink } from "./streams.js";

export function stdinSource(): FileSource {
  const { dev, ino } = fstatSync(0, { bigint: true });
  return { ...streamSource(process.stdin, "standard input"), id: { dev, ino } };
}

/**
 * A pipe is written through the event loop, so that a reader who stalls does not keep signals from being served; a file or
 * device directly. It is left open. Throws `usage` where it is a file, and that file is the input.
 */
export function stdoutSink(input: FileId): Sink {
  const stat = fstatSync(1, { bigint: true });
  if (stat.isFile() && stat.dev === input.dev && stat.ino === input.ino) {
    throw new SealError("usage", "input and output are the same file");
  }
  const name = "standard output";
  return stat.isFIFO() || stat.isSocket()
    ? writableSink(new Socket({ fd: 1, readable: false, writable: true }), name, { keepOpen: true, keeps: false })
    : descriptorSink(1, name, { keepOpen: true });
}
