// A worker thread: it gets keys and tasks, and says what became of each task.

import { parentPort, workerData } from "node:worker_threads";
import { suiteNamed } from "../crypto/index.js";
import { erase } from "../crypto/secret.js";
import type { ChunkKeys } from "../format/record.js";
import type { StanzasResult } from "./engine.js";
import { runFrames } from "./frames.js";
import {
  type AnyResult,
  type ForgetMessage,
  type FramesMessage,
  type FromWorker,
  type KeysMessage,
  type StanzasMessage,
  type TaskMessage,
  type ToWorker,
  toFailure,
} from "./messages.js";
import { runTask } from "./run.js";
import { runStanzas } from "./stanzas.js";

const suite = await suiteNamed(workerData.suite);
const sessions = new Map<number, ChunkKeys>();

function remember({ session, payloadKey, coreHash, signed, recordKey }: KeysMessage): void {
  const verifyingKey = recordKey && suite.checkedVerifyingKey(recordKey);
  sessions.set(session, { suite, payloadKey, coreHash, signed, recordKey: verifyingKey });
}

function forget({ id, session }: ForgetMessage): void {
  const payloadKey = sessions.get(session)?.payloadKey;
  if (payloadKey) erase(payloadKey);
  sessions.delete(session);
  parentPort!.postMessage({ id, forgotten: true } satisfies FromWorker);
}

function work(message: TaskMessage | FramesMessage): AnyResult {
  const keys = sessions.get(message.session)!;
  return message.say === "frames" ? runFrames(keys, message.task) : runTask(message.verb, keys, message.task);
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

async function answerStanzas({ id, task }: StanzasMessage): Promise<void> {
  const answered = await runStanzas(suite, task).then(
    (result): FromWorker<StanzasResult> => ({ id, result }),
    (error): FromWorker<StanzasResult> => ({ id, failure: toFailure(error) }),
  );
  parentPort!.postMessage(answered);
}

parentPort!.on("message", (message: ToWorker | StanzasMessage) => {
  if (message.say === "keys") remember(message);
  else if (message.say === "forget") forget(message);
  else if (message.say === "stanzas") void answerStanzas(message);
  else answer(message);
});
parentPort!.postMessage({ ready: true } satisfies FromWorker);
