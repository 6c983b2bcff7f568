// What one service passes on to another, on a channel: u32 length | a head, JSON | the body as it came.

import { PROBLEMS, Problem, type ProblemName } from "../problem.js";
import { type Framing, MEDIA_TYPES } from "../server/body.js";
import type { Brought, Taken } from "../server/taking.js";

/** Of the head: heads of a record have at most 16 KiB, and JSON makes them longer. */
export const MAX_HEAD = 256 * 1024;
/** Of an answer. */
export const MAX_ANSWER = 16 * 1024;
/** Where a channel is asked for, and the header that names it, and a message on it. */
export const CHANNEL = "/channel";
export const MESSAGE_NAME = "seal-inbox-message";
/** Statuses: the inbox is not open there, and nothing was done; there is no such channel, and nothing was done. */
export const [ELSEWHERE, UNKNOWN] = [421, 409];

export interface Forwarded extends Brought {
  readonly inbox: string;
}

/** What stands before the body, in memory of its own, to be overwritten. */
export function encodeHead({ body: _, ...head }: Forwarded): Buffer {
  const text = JSON.stringify(head);
  const bytes = Buffer.alloc(4 + Buffer.byteLength(text));
  bytes.writeUInt32BE(bytes.length - 4);
  bytes.write(text, 4);
  return bytes;
}

/** The body is a view on the message. Throws `Problem` for what is none. */
export function parseMessage(message: Buffer): Forwarded {
  try {
    const length = message.readUInt32BE();
    const { inbox, producer, framing, heads, key } = JSON.parse(message.toString("utf8", 4, 4 + length));
    const isKnown = Object.values(MEDIA_TYPES).includes(framing as Framing);
    const areTexts = [inbox, producer, ...Object.values(heads)].every((text) => typeof text === "string");
    if (isKnown && areTexts && (key === null || typeof key === "string"))
      return { inbox, producer, framing, heads, key, body: message.subarray(4 + length) };
  } catch {
    // Said below.
  }
  throw new Problem("bad-request", "This is no message of another service.");
}

/** What comes back. */
export type Answer =
  | { readonly taken: Taken }
  | { readonly problem: ProblemName; readonly detail: string; readonly retryAfter: number | null };

export function answerOf(problem: Problem): Answer {
  return { problem: problem.problem, detail: problem.message, retryAfter: problem.retryAfter };
}

/** Throws `Problem` where that is the answer; an error for what is none. */
export function takenIn(text: string): Taken {
  const answer = JSON.parse(text) as Answer;
  if ("taken" in answer) {
    const { count, replayed, frame } = answer.taken;
    const isFrame = frame === null || (/^[0-9a-f]{64}$/.test(frame.journal) && Number.isSafeInteger(frame.position));
    if (Number.isSafeInteger(count) && typeof replayed === "boolean" && isFrame) return answer.taken;
  } else if (Object.hasOwn(PROBLEMS, answer.problem)) {
    const { problem, detail, retryAfter } = answer;
    throw new Problem(problem, String(detail), retryAfter === null ? {} : { retryAfter: Number(retryAfter) });
  }
  throw new Error("another service gave no answer");
}
