// node pipe.js MODE THREADS - the limit for pipes: the main thread reads stdin into the memory of chunks, workers
// cipher and hash them, the main thread writes them to stdout in order.

import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { CHUNK } from "./crypt.js";

const [mode, threads] = process.argv.slice(2);
const limit = 2 * Number(threads);
const workers = Array.from({ length: Number(threads) }, startWorker);
/** @type {ArrayBuffer[]} memory to use again */
const free = [];
let inFlight = 0;
let written = Promise.resolve();

const stdout = new Socket({ fd: 1, readable: false, writable: true });
const stdin = readChunks((chunk, index) => {
  inFlight++;
  const done = workers[index % workers.length](index, chunk);
  written = written.then(async () => release(await done));
  return inFlight < limit;
});
await stdin.ended;
await written;
process.exit();

/** @returns {(index: number, chunk: Uint8Array) => Promise<Uint8Array>} */
function startWorker() {
  const url = new URL("pipe-worker.js", import.meta.url);
  const worker = new Worker(url, { workerData: { mode }, stdout: true, stderr: true });
  const waiting = [];
  worker.on("message", ({ buffer, length }) => waiting.shift()(new Uint8Array(buffer, 0, length)));
  return (index, { buffer, length }) => {
    worker.postMessage({ index, buffer, length }, [buffer]);
    return new Promise((resolve) => waiting.push(resolve));
  };
}

/** @param {Uint8Array} chunk */
async function release(chunk) {
  await new Promise((resolve) => stdout.write(chunk, resolve));
  free.push(chunk.buffer);
  inFlight--;
  stdin.resume();
}

/** @param {(chunk: Uint8Array, index: number) => boolean} take false: no more for now */
function readChunks(take) {
  let index = 0;
  let have = 0;
  let bytes = null;
  const rest = () => {
    bytes ??= new Uint8Array(free.pop() ?? new ArrayBuffer(CHUNK));
    return bytes.subarray(have);
  };
  const pass = () => {
    const chunk = bytes.subarray(0, have);
    bytes = null;
    have = 0;
    return take(chunk, index++);
  };
  const callback = (count) => {
    have += count;
    return have < CHUNK || pass();
  };
  const socket = new Socket({ fd: 0, readable: true, writable: false, onread: { buffer: rest, callback } });
  const ended = new Promise((resolve) => {
    socket.on("end", () => {
      if (have > 0) pass();
      resolve();
    });
  });
  socket.resume();
  return { ended, resume: () => socket.resume() };
}
