// A passphrase's key, made on a Web Worker: it takes a second, for which a page would stand still. The worker does
// nothing else and ends then, and with it goes what scrypt left in its memory.

import { copySecret, ownSecret, type Secret } from "../crypto/secret.js";
import type { FromWorker, ScryptMessage, StretchedMessage } from "./messages.js";
import type { WorkerLike } from "./web-pool.js";

/** Milliseconds for a worker to come: it may never, where a page's policy forbids it. */
const PATIENCE = 2000;

/** null where no worker comes, or it fails: who calls does it then. */
export async function scryptByWorker(
  start: () => WorkerLike | null,
  passphrase: Secret,
  salt: Uint8Array,
): Promise<Secret | null> {
  const worker = started(start);
  if (!worker) return null;
  try {
    return await answerOf(worker, passphrase, salt);
  } finally {
    worker.terminate();
  }
}

function started(start: () => WorkerLike | null): WorkerLike | null {
  try {
    return start();
  } catch {
    return null;
  }
}

function answerOf(worker: WorkerLike, passphrase: Secret, salt: Uint8Array): Promise<Secret | null> {
  return new Promise((resolve) => {
    const end = (key: Secret | null) => {
      clearTimeout(waiting);
      resolve(key);
    };
    const waiting = setTimeout(end, PATIENCE, null);
    const answer = (message: FromWorker | StretchedMessage) => {
      if ("stretched" in message) return end(message.stretched && ownSecret(message.stretched));
      clearTimeout(waiting);
      const copy = copySecret(passphrase);
      worker.postMessage({ say: "scrypt", passphrase: copy, salt } satisfies ScryptMessage, [
        copy.buffer as ArrayBuffer,
      ]);
    };
    worker.addEventListener("message", ({ data }) => answer(data as FromWorker | StretchedMessage));
    worker.addEventListener("error", () => end(null));
    worker.addEventListener("messageerror", () => end(null));
  });
}
