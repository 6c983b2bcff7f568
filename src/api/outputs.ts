// The output of a call: a stream, or a file.

import type { Writable } from "node:stream";
import type { Sink } from "../flow/io.js";
import type { OutputOptions, openOutput } from "../io/output.js";
import { webSink, writableSink } from "../io/streams.js";
import { flag, hasMethod, isA, isObject, optional, path, refused, settings } from "./arguments.js";
import { refuseLocked } from "./given-bytes.js";

/** An output as it was given, and is from now on. */
export type GivenOutput =
  | { readonly is: "web"; readonly stream: WritableStream<Uint8Array> }
  | { readonly is: "node"; readonly stream: Writable }
  | GivenFile;

export interface GivenFile {
  readonly is: "file";
  readonly path: string;
  readonly force: boolean | undefined;
  readonly sync: boolean | undefined;
}

const FILE = { path, force: optional(flag), sync: optional(flag) };
/** What is called of a Writable. */
const WRITABLE = ["write", "end", "destroy", "on"] as const;

/** What errors call it. */
const OUTPUT = "the output";

export function outputOf(value: unknown): GivenOutput {
  if (isA(value, WritableStream<Uint8Array>)) {
    refuseLocked(value);
    return { is: "web", stream: value };
  }
  if (WRITABLE.every((name) => hasMethod(value, name))) return { is: "node", stream: value as Writable };
  if (!isObject(value)) throw refused(OUTPUT, value, "a writable stream or { path }");
  return { is: "file", ...settings(value, OUTPUT, FILE) };
}

/** Opens it. Throws `usage`, `io`. */
export async function sinkOf(
  output: GivenOutput,
  signal: AbortSignal | undefined,
  options: OutputOptions,
  fileOf: typeof openOutput,
): Promise<Sink> {
  if (output.is === "web") return webSink(output.stream, "the output stream", signal);
  if (output.is === "node") return writableSink(output.stream, "the output stream", { signal });
  return fileOf(output.path, { ...options, force: output.force, sync: output.sync });
}
