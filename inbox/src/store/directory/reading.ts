// A journal in a file, for those who only read it: the file that had its name when it was opened.

import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { ioError } from "@sealed-files/seal/internal";
import type { JournalReading } from "../store.js";

/** Throws `io`. */
export async function openReading(path: string): Promise<JournalReading> {
  const file = await open(path, "r").catch((error) => Promise.reject(ioError(`cannot read ${path}`, error)));
  return new FileReading(path, file);
}

class FileReading implements JournalReading {
  readonly name: string;
  readonly #file: FileHandle;

  constructor(path: string, file: FileHandle) {
    this.name = path;
    this.#file = file;
  }

  async size(): Promise<number> {
    return this.#attempt(async () => (await this.#file.stat()).size);
  }

  flushed(): Promise<number> {
    return this.#attempt(async () => {
      const { size } = await this.#file.stat();
      await this.#file.datasync();
      return size;
    });
  }

  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#attempt(async () => {
      const bytes = new Uint8Array(length);
      let done = 0;
      for (let read = 1; done < length && read > 0; done += read) {
        read = (await this.#file.read(bytes, done, length - done, position + done)).bytesRead;
      }
      return bytes.subarray(0, done);
    });
  }

  stream(start: number, end: number): Readable {
    return this.#file.createReadStream({ start, end: end - 1, autoClose: false });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw ioError(`cannot read ${this.name}`, error);
    }
  }
}
