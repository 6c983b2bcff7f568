// An input that hangs the process is a finding too: a thread notices, writes it to a file, and ends the process.

import { Worker } from "node:worker_threads";

const THREAD = `
const { workerData: { shared, longest } } = require("node:worker_threads");
const { writeFileSync, writeSync } = require("node:fs");
const [count, length, nameLength] = [0, 1, 2];
const head = new Int32Array(shared, 0, 3);
// By turns of its own: a process that was stopped meanwhile hangs no more than this thread does.
let last = -1, seconds = 0;
setInterval(() => {
  const now = Atomics.load(head, count);
  if (now !== last || now % 2 === 0) { last = now; seconds = 0; return; }
  if (++seconds * 1000 < longest) return;
  const bytes = Uint8Array.from(new Uint8Array(shared, 12));
  const name = Buffer.from(bytes.subarray(0, head[nameLength])).toString();
  writeFileSync(name, bytes.subarray(1024, 1024 + head[length]));
  // The stream of a thread would wait for the one that hangs.
  writeSync(2, "hangs: " + name + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 1000);
`;

export class Watchdog {
  readonly #shared: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #worker: Worker;

  constructor(maxBytes: number, longest = 60_000) {
    this.#shared = new SharedArrayBuffer(12 + 1024 + maxBytes);
    this.#head = new Int32Array(this.#shared, 0, 3);
    this.#worker = new Worker(THREAD, { eval: true, workerData: { shared: this.#shared, longest } });
    this.#worker.unref();
  }

  /** `path`: where the input goes if its execution does not end. */
  begin(input: Uint8Array, path: string): void {
    const name = Buffer.from(path);
    const bytes = new Uint8Array(this.#shared, 12);
    bytes.set(name);
    bytes.set(input, 1024);
    this.#head[1] = input.length;
    this.#head[2] = name.length;
    Atomics.add(this.#head, 0, 1);
  }

  end(): void {
    Atomics.add(this.#head, 0, 1);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
