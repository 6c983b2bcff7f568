// Asking an ssh agent (draft-ietf-sshm-ssh-agent): whether it has a key, and for a signature. A connection for each
// question, which nothing is kept of.

import type { Socket } from "node:net";
import { type Bytes, concat, equal, fromUtf8 } from "../bytes.js";
import type { HeaderSigner, Suite } from "../crypto/suite.js";
import { asIoError, type Reason, SealError } from "../errors.js";
import { encodeSshKey } from "../keys/ssh/public.js";
import { publicFields, sshBlob, sshNumber, sshString } from "../keys/ssh/wire.js";
import { net } from "./lazy.js";

const [FAILURE, REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGNED] = [5, 11, 12, 13, 14];
/** OpenSSH's agent sends and takes no more. */
const MAX_ANSWER = 256 * 1024;
const MAX_KEYS = 2048;
/** Milliseconds. For the list of its keys no agent waits for anybody; for a signature somebody may have to be asked. */
const PROMPT = 20_000;

/** Which agent, and until when. */
export interface Agent {
  /** The path of its socket. */
  readonly socket: string;
  readonly signal?: AbortSignal | undefined;
  /** Until when it may sign, where that is not until the same. */
  readonly signing?: AbortSignal | undefined;
}

/**
 * Signs by an agent that has this Ed25519 key now, and asks it once for each signature. Throws `io`: `agent-gone`,
 * `agent-lacks`; later also `agent-refused`; the signal's reason.
 */
export async function signerOfAgent(suite: Suite, publicKey: Bytes, agent: Agent): Promise<HeaderSigner> {
  const blob = sshBlob(publicKey);
  const keys = identitiesIn(await ask(agent, Uint8Array.of(REQUEST_IDENTITIES), PROMPT));
  if (!keys.some((key) => equal(key, blob))) {
    const has =
      keys.length === 0 ? "it has none, or is locked" : `it has ${keys.length} other${keys.length === 1 ? "" : "s"}`;
    throw failed(`the ssh agent does not have the key ${encodeSshKey(publicKey)}: ${has}`, "agent-lacks");
  }
  const verifying = suite.checkedVerifyingKey(publicKey);
  const sign = async (message: Uint8Array): Promise<Bytes> => {
    const request = concat(Uint8Array.of(SIGN_REQUEST), sshString(blob), sshString(message), sshNumber(0));
    const signature = signatureIn(await ask({ ...agent, signal: agent.signing ?? agent.signal }, request));
    if (verifying.verify(message, signature)) return signature;
    throw failed("what the ssh agent gave is not a signature by the key that it was asked for", "agent-refused");
  };
  return { publicKey, sign };
}

function identitiesIn(answer: Bytes): Bytes[] {
  const fields = publicFields(answer);
  if (fields.take(1)?.[0] !== IDENTITIES) throw failed("the ssh agent does not say which keys it has", "agent-refused");
  const count = fields.number();
  if (count === null || count > MAX_KEYS) throw strange();
  return Array.from({ length: count }, () => {
    const [key, comment] = [fields.string(), fields.string()];
    if (!key || !comment) throw strange();
    return Uint8Array.from(key);
  });
}

function signatureIn(answer: Bytes): Bytes {
  const fields = publicFields(answer);
  const type = fields.take(1)?.[0];
  if (type === FAILURE) throw failed("the ssh agent refused to sign", "agent-refused");
  const both = type === SIGNED ? fields.string() : null;
  if (!both || fields.left > 0) throw strange();
  const parts = publicFields(both);
  const name = parts.string();
  const signature = parts.string();
  if (!name || fromUtf8(Uint8Array.from(name)) !== "ssh-ed25519" || signature?.length !== 64 || parts.left > 0) {
    throw strange();
  }
  return Uint8Array.from(signature);
}

/** The agent's answer to a question. */
async function ask({ socket: path, signal }: Agent, question: Uint8Array, within?: number): Promise<Bytes> {
  signal?.throwIfAborted();
  const socket = net().connect({ path });
  const waiting = within === undefined ? null : setTimeout(() => socket.destroy(late()), within);
  const abort = () => socket.destroy();
  signal?.addEventListener("abort", abort);
  try {
    socket.write(sshString(question));
    return await answerOf(socket);
  } catch (error) {
    signal?.throwIfAborted();
    const io = asIoError(`the ssh agent at ${path} cannot be asked`, error);
    throw error instanceof SealError ? error : new SealError("io", io.message, { cause: error, reason: "agent-gone" });
  } finally {
    if (waiting) clearTimeout(waiting);
    signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** One message, and nothing behind it. Room is made once its length is known to be bounded. */
async function answerOf(socket: Socket): Promise<Bytes> {
  let answer: Bytes = new Uint8Array(4);
  let [at, isLengthKnown] = [0, false];
  for await (const piece of socket as AsyncIterable<Uint8Array>) {
    for (let from = 0; from < piece.length; ) {
      if (at === answer.length) throw strange();
      const part = piece.subarray(from, from + answer.length - at);
      answer.set(part, at);
      at += part.length;
      from += part.length;
      if (isLengthKnown || at < 4) continue;
      const length = publicFields(answer).number()!;
      if (length === 0 || length > MAX_ANSWER) throw strange();
      [answer, at, isLengthKnown] = [new Uint8Array(length), 0, true];
    }
    if (isLengthKnown && at === answer.length) return answer;
  }
  throw failed("the ssh agent ended the connection without an answer", "agent-gone");
}

function late(): SealError {
  return failed("the ssh agent does not answer", "agent-gone");
}

function strange(): SealError {
  return failed("the ssh agent gave an answer that is none", "agent-gone");
}

function failed(message: string, reason: Reason): SealError {
  return new SealError("io", message, { reason });
}
