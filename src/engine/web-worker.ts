// A Web Worker: it gets keys and tasks, and says what became of each task. Built, it is one script, which may be made
// of a text.

import { erase } from "../crypto/secret.js";
import { webCrypto } from "../crypto/web.js";
import {
  type AnyResult,
  type ForgetMessage,
  type FramesMessage,
  type FromWorker,
  type KeysMessage,
  type ScryptMessage,
  type StretchedMessage,
  type TaskMessage,
  type ToWorker,
  toFailure,
} from "./messages.js";
import { runWebFrames } from "./web-frames.js";
import { runWebTask, type WebKeys, webKeys } from "./web-run.js";

/** What a worker has of its page. */
interface Scope {
  postMessage(message: FromWorker | StretchedMessage, transfer?: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { data: ToWorker | ScryptMessage }) => void): void;
}

const scope = globalThis as unknown as Scope;
const loading = Promise.all([import("../crypto/portable.js"), webCrypto()]);
const sessions = new Map<number, Promise<WebKeys>>();

async function keysOf({ payloadKey, coreHash, signed, recordKey }: KeysMessage): Promise<WebKeys> {
  const [{ portable: suite }, web] = await loading;
  const verifyingKey = recordKey && suite.checkedVerifyingKey(recordKey);
  return webKeys({ suite, payloadKey, coreHash, signed, recordKey: verifyingKey }, web);
}

async function forget({ id, session }: ForgetMessage): Promise<void> {
  const keys = sessions.get(session);
  sessions.delete(session);
  const { payloadKey } = (await keys)!;
  if (payloadKey) erase(payloadKey);
  scope.postMessage({ id, forgotten: true });
}

async function work(message: TaskMessage | FramesMessage): Promise<AnyResult> {
  const [{ portable }, web] = await loading;
  if (message.say === "frames") return runWebFrames(portable, web, message.task);
  return runWebTask(message.verb, await sessions.get(message.session)!, message.task);
}

async function answer(message: TaskMessage | FramesMessage): Promise<void> {
  const { id } = message;
  try {
    const result = await work(message);
    scope.postMessage({ id, result }, result.buffer ? [result.buffer.buffer] : []);
  } catch (error) {
    scope.postMessage({ id, failure: toFailure(error) });
  }
}

async function stretch({ passphrase, salt }: ScryptMessage): Promise<void> {
  const [{ portable }] = await loading;
  try {
    const stretched = await portable.scrypt(passphrase, salt);
    scope.postMessage({ stretched }, [stretched.buffer as ArrayBuffer]);
  } catch {
    // A browser that gives no memory, say: whoever asked does it, and hears of that.
    scope.postMessage({ stretched: null });
  } finally {
    erase(passphrase);
  }
}

scope.addEventListener("message", ({ data }) => {
  if (data.say === "keys") sessions.set(data.session, keysOf(data));
  else if (data.say === "forget") void forget(data);
  else if (data.say === "scrypt") void stretch(data);
  else void answer(data);
});
scope.postMessage({ ready: true });
