// One thread of the pipe's limit loop: a chunk in, the same memory back.

import { parentPort, workerData } from "node:worker_threads";
import { chunkWork, PIECE } from "./crypt.js";

parentPort.on("message", ({ index, buffer, length }) => {
  const crypt = chunkWork(workerData.mode, index);
  const bytes = new Uint8Array(buffer, 0, length);
  for (let at = 0; at < length; at += PIECE) {
    const out = crypt(bytes.subarray(at, at + PIECE));
    if (out) bytes.set(out, at);
  }
  parentPort.postMessage({ buffer, length }, [buffer]);
});
