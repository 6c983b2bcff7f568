// node files.js MODE THREADS INPUT [OUTPUT] - the limit for files: threads read by position, cipher, hash and write by
// position, chunk after chunk in turn.

import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { CHUNK, chunkWork, PIECE } from "./crypt.js";

if (isMainThread) await start(process.argv.slice(2));
else work(workerData);

/** @param {string[]} argv */
async function start([mode, count, input, output]) {
  const source = openSync(input, "r");
  const sink = output ? openSync(output, "w") : null;
  const threads = Number(count);
  const { size } = fstatSync(source);
  const ended = Array.from({ length: threads }, (_, turn) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { mode, threads, turn, source, sink, size },
    });
    return new Promise((resolve, reject) => worker.on("error", reject).on("exit", resolve));
  });
  await Promise.all(ended);
  closeSync(source);
  if (sink !== null) closeSync(sink);
}

function work({ mode, threads, turn, source, sink, size }) {
  const scratch = Buffer.allocUnsafeSlow(PIECE);
  for (let index = turn; index * CHUNK < size; index += threads) {
    const crypt = chunkWork(mode, index);
    const end = Math.min(size, (index + 1) * CHUNK);
    for (let at = index * CHUNK; at < end; at += PIECE) {
      const count = readSync(source, scratch, 0, Math.min(PIECE, end - at), at);
      const out = crypt(scratch.subarray(0, count));
      if (out && sink !== null) writeSync(sink, out, 0, out.length, at);
    }
  }
}
