// An output file: a temporary one until all of it is there and authenticated, then it gets its name in one step.

import { type BigIntStats, constants, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asIoError, ioError, SealError } from "../errors.js";
import { committing } from "../flow/io.js";
import { newModes } from "./attributes.js";
import { descriptorSink, type OutputSink } from "./descriptor.js";
import { type FileId, isSame, openFd } from "./files.js";
import { net } from "./lazy.js";
import { existsError } from "./naming.js";
import { namesOnce } from "./partial-files.js";
import { linkTarget, withoutLinks } from "./paths.js";
import { unlink } from "./promises.js";
import { writableSink } from "./streams.js";
import { type TemporaryOptions, temporarySink } from "./temporary.js";

/** Names in a directory. */
export type NamesIn = (directory: string) => readonly string[];

export interface OutputOptions extends TemporaryOptions {
  /** The input, which the output must not be, unless `inPlace`. */
  readonly input?: FileId | null | undefined;
  /**
   * Where the output is the input, which must be a regular file: replace it at the commit, and keep its permissions and
   * owner.
   */
  readonly inPlace?: boolean | undefined;
  /** Of many outputs: where partial files of earlier runs are found. Otherwise each looks for itself. */
  readonly partials?: NamesIn | undefined;
  /** Ends the wait for a FIFO's reader. */
  readonly signal?: AbortSignal | undefined;
}

/** For a run that has many outputs: what directories tell is remembered. */
export function remembering(): Pick<OutputOptions, "partials" | "newMode"> {
  return { partials: namesOnce(), newMode: newModes() };
}

/**
 * Opens an output. A regular file appears under its name only at the commit; what is no regular file
 * (a device, a FIFO) is written as a stream.
 * Throws `usage` where the file exists (without `force`), is a directory, or is the input (without `inPlace`); `io`.
 */
export async function openOutput(path: string, options: OutputOptions = {}): Promise<OutputSink> {
  const { kind, replaced } = checkOutput(path, options);
  return kind === "file" ? temporarySink(path, options, replaced) : deviceSink(path, kind === "pipe", options.signal);
}

/** What stands where an output is to go. */
interface There {
  /** A file that may be written or replaced, or something to write to as a stream. */
  readonly kind: "file" | "device" | "pipe";
  /** The input, where it is to be replaced. */
  readonly replaced?: BigIntStats;
}

/** What stands at the path, or would. Throws as `openOutput`. */
export function checkOutput(path: string, options: OutputOptions): There {
  const there = look(path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  const target = there?.isSymbolicLink()
    ? look(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }))
    : there;
  if (!target && path.endsWith("/")) throw new SealError("io", `cannot write ${path}: there is no such directory`);
  if (target?.isDirectory()) throw new SealError("usage", `${path} is a directory`);
  if (target?.isFile() && look(path, () => isDescriptor(path))) {
    throw new SealError("usage", `${path} is an open file's descriptor, not its name, and cannot be replaced`, {
      reason: "descriptor",
      hint: "Name a file, or write to a stream.",
    });
  }
  if (target && isSame(target, options.input)) {
    if (!options.inPlace) throw new SealError("usage", `${path} is input and output at once`);
    if (target.isFile()) return { kind: "file", replaced: target };
    throw new SealError("usage", `${path} is no regular file, and cannot be replaced`, {
      reason: "not-replaceable",
      hint: "Name another output.",
    });
  }
  if (target?.isSocket()) throw new SealError("usage", `${path} is a socket, which cannot be written to`);
  if (target && !target.isFile()) return { kind: target.isFIFO() ? "pipe" : "device" };
  if (there && !options.force) throw existsError(path, options);
  return { kind: "file" };
}

/**
 * Whether a name leads through a directory of descriptors, as /dev/stdin does: a file given that name would take the
 * place of the link.
 */
function isDescriptor(path: string): boolean {
  for (let at = path, links = 0; links < MAX_LINKS; links++) {
    const directory = withoutLinks(dirname(at));
    if (/^\/(proc|dev\/fd)(\/|$)/.test(directory)) return true;
    if (!lstatSync(at).isSymbolicLink()) return false;
    at = linkTarget(directory, at);
  }
  return false;
}

/** So many does Linux follow. */
const MAX_LINKS = 40;

function look<T>(path: string, stat: () => T): T {
  try {
    return stat();
  } catch (error) {
    throw asIoError(`cannot write ${path}`, error);
  }
}

async function deviceSink(path: string, isPipe: boolean, signal: AbortSignal | undefined): Promise<OutputSink> {
  try {
    if (!isPipe) return descriptorSink(await openFd(path, constants.O_WRONLY), path);
    const socket = new (net().Socket)({ fd: await openFifo(path, signal), readable: false, writable: true });
    return { ...writableSink(socket, path, { keeps: false }), isTerminal: false };
  } catch (error) {
    signal?.throwIfAborted();
    throw ioError(`cannot open ${path}`, error);
  }
}

/** How often to look whether a FIFO has got its reader. */
const FIFO_POLL = 10;

/** Waits for the FIFO's reader, without a thread that hangs in `open`. */
async function openFifo(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    try {
      return await openFd(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
    }
    await setTimeout(FIFO_POLL, undefined, { signal });
  }
}

/**
 * Writes a new key file, durably, and only where there is nothing of that name; 0600 for a secret one. Returns what
 * removes it again. Throws `usage` where there is; `io`.
 */
export async function writeNew(path: string, bytes: Uint8Array, mode?: 0o600): Promise<() => Promise<void>> {
  const existsHint = "A key is never replaced: move it away, or choose another name.";
  const there = look(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (there?.isDirectory()) throw new SealError("usage", `${path} is a directory`);
  if (there) throw existsError(path, { existsHint });
  const sink = await openOutput(path, { mode, existsHint });
  await committing(sink, () => sink.write(bytes, 0));
  return () => unlink(path);
}
