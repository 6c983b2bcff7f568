// Where a browser writes: a file that it lets a page write to, and a function.

import { ioError } from "../errors.js";
import type { Sink } from "../flow/io.js";
import { abortable } from "../flow/order.js";
import { operationFailed, quietly } from "../flow/streams.js";

/** What is needed of a FileSystemFileHandle. */
export interface FileHandleLike {
  readonly kind: "file";
  readonly name: string;
  createWritable(): Promise<WritableFileLike>;
}

/** What is needed of a FileSystemWritableFileStream: what it is given shows in the file when it has been closed. */
interface WritableFileLike {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
}

/**
 * The file gets what is written when that is whole: until then, and where it fails, it stays as it was when the handle
 * came. A browser's picker for saving (`showSaveFilePicker`) has emptied it before that.
 */
export async function handleSink(handle: FileHandleLike, signal?: AbortSignal): Promise<Sink> {
  const name = handle.name || "the output file";
  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await abortable(call(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw ioError(`cannot write ${name}`, error);
    }
  };
  const file = await attempt(() => handle.createWritable());
  return {
    name,
    fd: null,
    keeps: false,
    write: (bytes) => attempt(() => file.write(bytes as Uint8Array<ArrayBuffer>)),
    commit: () => attempt(() => file.close()),
    abort: async () => quietly(() => file.abort(operationFailed())),
  };
}

/** Calls a function with what is written, and waits for it. */
export function callbackSink(take: (bytes: Uint8Array) => unknown, signal?: AbortSignal): Sink {
  return {
    name: "the output",
    fd: null,
    keeps: true,
    write: async (bytes) => {
      await abortable(Promise.resolve(take(bytes)), signal);
    },
    commit: async () => {},
    abort: async () => {},
  };
}
