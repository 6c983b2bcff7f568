// A worker thread: it gets keys and tasks, and says what became of each task.

import { suiteNamed } from "../crypto/index.js";
import type { KemKey } from "../crypto/kem.js";
import { loadKem } from "../crypto/kems.js";
import { erase } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { ChunkKeys } from "../format/record.js";
import type { StanzasResult, TrialsResult } from "./engine.js";
import { runFrames } from "./frames.js";
import {
  type AnyResult,
  type ForgetMessage,
  type FramesMessage,
  type FromWorker,
  type KeysMessage,
  type StanzasMessage,
  type TaskMessage,
  type ToThread,
  type TrialKeysMessage,
  type TrialsMessage,
  type TriedMessage,
  toFailure,
} from "./messages.js";
import { runTask } from "./run.js";
import { runStanzas, runTrials } from "./stanzas.js";
import { ownThread } from "./thread.js";

type Out = FromWorker<StanzasResult | TrialsResult>;

const thread = ownThread<ToThread, Out>();
let suite: Suite;
const sessions = new Map<number, ChunkKeys>();
const trying = new Map<number, Trying>();

interface Trying {
  readonly keys: Promise<KemKey[]>;
  readonly info: Uint8Array;
  readonly forget: () => Promise<void>;
}

function remember({ session, payloadKey, coreHash, signed, recordKey }: KeysMessage): void {
  const verifyingKey = recordKey && suite.checkedVerifyingKey(recordKey);
  sessions.set(session, { suite, payloadKey, coreHash, signed, recordKey: verifyingKey });
}

function forget({ id, session }: ForgetMessage): void {
  const payloadKey = sessions.get(session)?.payloadKey;
  if (payloadKey) erase(payloadKey);
  sessions.delete(session);
  thread.say({ id, forgotten: true });
}

function work(message: TaskMessage | FramesMessage): AnyResult {
  const keys = sessions.get(message.session)!;
  return message.say === "frames" ? runFrames(keys, message.task) : runTask(message.verb, keys, message.task);
}

function answer(message: TaskMessage | FramesMessage): void {
  const { id, task } = message;
  const transfer = task.buffer ? [task.buffer.buffer] : [];
  try {
    thread.say({ id, result: work(message) }, transfer);
  } catch (error) {
    thread.say({ id, failure: toFailure(error) });
  }
}

function beginTrying({ session, keys: shared, info }: TrialKeysMessage): void {
  const forget = suite.forgetting();
  const keys = Promise.all(shared.map(async (key) => (await loadKem(suite, key.kem)).sharedKey(key)));
  // Whoever uses them is told.
  keys.catch(() => undefined);
  trying.set(session, { keys, info, forget });
}

async function trials({ session, task }: TrialsMessage): Promise<TrialsResult> {
  const { keys, info } = trying.get(session)!;
  return runTrials(suite, { keys: await keys, info }, task);
}

function endTrying({ session }: TriedMessage): void {
  const { forget } = trying.get(session)!;
  trying.delete(session);
  // Soon: who has the keys has them longer. Where that cannot be, those are told who draw keys.
  forget().catch(() => undefined);
}

async function answerStanzas(message: StanzasMessage | TrialsMessage): Promise<void> {
  const { id } = message;
  try {
    const result = await (message.say === "trials" ? trials(message) : runStanzas(suite, message.task));
    const memory = "fileKey" in result && result.fileKey ? [result.fileKey.buffer] : [];
    thread.say({ id, result }, memory);
  } catch (error) {
    thread.say({ id, failure: toFailure(error) });
  }
}

function take(message: ToThread): void {
  if (message.say === "keys") remember(message);
  else if (message.say === "forget") forget(message);
  else if (message.say === "trial keys") beginTrying(message);
  else if (message.say === "tried") endTrying(message);
  else if (message.say === "stanzas" || message.say === "trials") void answerStanzas(message);
  else answer(message);
}

void suiteNamed((thread.data as { suite: Suite["name"] }).suite).then((named) => {
  suite = named;
  thread.hear(take);
  thread.say({ ready: true });
});
