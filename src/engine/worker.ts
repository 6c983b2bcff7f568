// A worker thread: it gets keys and tasks, and says what became of each task.

import { parentPort, workerData } from "node:worker_threads";
import type { ChunkKeys } from "../chunk/record.js";
import { loadSuite } from "../crypto/index.js";
import { runFrames } from "./frames.js";
import {
  type AnyResult,
  type FramesMessage,
  type FromWorker,
  type KeysMessage,
  type TaskMessage,
  type ToWorker,
  toFailure,
} from "./messages.js";
import { run } from "./run.js";

const suite = await loadSuite(workerData.suite);
const sessions = new Map<number, ChunkKeys>();

function remember({ session, payloadKey, coreHash, signed, signer }: KeysMessage): void {
  const verifyingKey = signer && suite.checkedVerifyingKey(signer);
  sessions.set(session, { suite, payloadKey, coreHash, signed, signer: verifyingKey });
}

function forget(session: number): void {
  sessions.get(session)?.payloadKey?.fill(0);
  sessions.delete(session);
}

function work(message: TaskMessage | FramesMessage): AnyResult {
  const keys = sessions.get(message.session)!;
  return message.say === "frames" ? runFrames(keys, message.task) : run(message.verb, keys, message.task);
}

function answer(message: TaskMessage | FramesMessage): void {
  const { id, task } = message;
  const transfer = task.buffer ? [task.buffer.buffer] : [];
  try {
    parentPort!.postMessage({ id, result: work(message) } satisfies FromWorker, transfer);
  } catch (error) {
    parentPort!.postMessage({ id, failure: toFailure(error) } satisfies FromWorker);
  }
}

parentPort!.on("message", (message: ToWorker) => {
  if (message.say === "keys") remember(message);
  else if (message.say === "forget") forget(message.session);
  else answer(message);
});
