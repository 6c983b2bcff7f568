// Threads that seal whole small files beside the main thread.

import { dirname } from "node:path";
import { fromFailure } from "../engine/messages.js";
import { startThread, type Thread } from "../engine/thread.js";
import { SealError } from "../errors.js";
import type { Sealed } from "../files/seal.js";
import { drop, forget, remember, temporaryName } from "../io/leftovers.js";
import { openFilesLimit } from "../io/limits.js";
import { absolute } from "../io/paths.js";
import type { FileSealing } from "./seal-file.js";
import type { FromSealer, SealerData, ToSealer } from "./sealing-thread.js";

/** Of fewer files, all are sealed before a thread has started. */
const MANY = 256;
/** With more threads, or with fewer files or descriptors for each, nothing is gained. */
const MOST = 8;
const [FILES_EACH, DESCRIPTORS_EACH] = [128, 128];

/**
 * Threads for so many files; null where one is enough, or where what signs cannot be handed to another. Files that are
 * for a passphrase are no work for them.
 */
export function startSealers(files: number, threads: number, sealing: FileSealing): Sealers | null {
  if (files < MANY) return null;
  const most = Math.floor(Math.min(threads, MOST, files / FILES_EACH, openFilesLimit() / DESCRIPTORS_EACH));
  const data = most > 1 ? dataOf(sealing) : null;
  return data && new Sealers(most, data, sealing);
}

function dataOf({ suite, recipients, signer, label, armor, outputs: { force } }: FileSealing): SealerData | null {
  if (suite.name !== "native" || (signer && !signer.handle)) return null;
  const shared = signer && { publicKey: signer.publicKey, handle: signer.handle! };
  return { suite: suite.name, recipients, signer: shared, label, armor, force };
}

export class Sealers {
  /** How many there are, the main thread included. */
  readonly threads: number;
  readonly #sealers: Sealer[] = [];
  #here = 0;

  constructor(threads: number, data: SealerData, { outputs: { note }, signal }: FileSealing) {
    this.threads = threads;
    while (this.#sealers.length < threads - 1) {
      // By default, objects that die young take some 20 MiB more.
      const thread = startThread(threadFile(), data, { maxYoungGenerationSizeMb: 4 });
      if (!thread) break;
      this.#sealers.push(new Sealer(thread, note ?? (() => {})));
    }
    signal?.addEventListener("abort", () => {
      for (const sealer of this.#sealers) sealer.abort();
    });
  }

  /**
   * Seals FILE on the thread that has the least to do; `here` seals it on this one. Throws as `sealFile`, and
   * `internal` where the thread dies.
   */
  async seal(file: string, name: string, here: () => Promise<Sealed>): Promise<Sealed> {
    const ready = this.#sealers.filter(({ isAtWork }) => isAtWork);
    const [idlest] = ready.sort((one, other) => one.load - other.load);
    if (idlest && idlest.load <= this.#here) return idlest.seal(file, name);
    this.#here += 1;
    try {
      return await here();
    } finally {
      this.#here -= 1;
    }
  }

  /** Ends the threads, whatever they are doing, and removes what they have not finished. */
  async end(): Promise<void> {
    await Promise.all(this.#sealers.map((sealer) => sealer.end()));
  }
}

function threadFile(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".ts") ? "../../dist/sealer.cjs" : "./sealer.cjs", here);
}

interface Waiting {
  readonly temporary: string;
  readonly resolve: (sealed: Sealed) => void;
  readonly reject: (error: SealError) => void;
}

/** One of the threads. The main thread also knows its temporary files, and removes them however it ends. */
class Sealer {
  readonly #thread: Thread;
  readonly #note: (text: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(thread: Thread, note: (text: string) => void) {
    this.#thread = thread;
    this.#note = note;
    const { worker } = thread;
    worker.on("message", (message: FromSealer) => this.#answer(message));
    // Node delivers everything that the thread has said before this.
    worker.on("exit", () => this.#failAll());
  }

  get isAtWork(): boolean {
    return this.#thread.isReady && this.#thread.ended === null;
  }

  /** How many files it has. */
  get load(): number {
    return this.#waiting.size;
  }

  seal(file: string, name: string): Promise<Sealed> {
    const temporary = temporaryName(dirname(absolute(name)));
    remember(temporary);
    const id = this.#lastId++;
    return new Promise((resolve, reject) => {
      if (this.load === 0) this.#thread.worker.ref();
      this.#waiting.set(id, { temporary, resolve, reject });
      this.#tell({ say: "seal", id, file, name, temporary });
    });
  }

  abort(): void {
    this.#tell({ say: "abort" });
  }

  async end(): Promise<void> {
    await this.#thread.worker.terminate();
  }

  #tell(message: ToSealer): void {
    this.#thread.worker.postMessage(message);
  }

  #answer(message: FromSealer): void {
    if ("note" in message) this.#note(message.note);
    else if ("id" in message) {
      const { temporary, resolve, reject } = this.#waiting.get(message.id)!;
      this.#waiting.delete(message.id);
      if (this.load === 0) this.#thread.worker.unref();
      if ("sealed" in message) {
        forget(temporary);
        resolve(message.sealed);
      } else {
        drop(temporary);
        reject(fromFailure(message.failure));
      }
    }
  }

  #failAll(): void {
    for (const { temporary, reject } of this.#waiting.values()) {
      drop(temporary);
      reject(new SealError("internal", `a thread that seals died: ${this.#thread.ended}`));
    }
    this.#waiting.clear();
  }
}
