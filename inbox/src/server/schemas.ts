// What the routes say of themselves: the OpenAPI document is made from this.

import { ENCODINGS } from "../encodings/decode.js";
import { PROBLEMS, type ProblemName, QUOTA_PROBLEMS } from "../problem.js";
import { MEDIA_TYPES } from "./body.js";

/** A problem that has one of these names. */
function problemSchema(names: readonly ProblemName[]) {
  return {
    type: "object",
    required: ["type", "title", "status", "detail"],
    properties: {
      type: { type: "string", enum: names.map((name) => `urn:seal-inbox:${name}`) },
      title: { type: "string" },
      status: { type: "integer", enum: [PROBLEMS[names[0]!].status] },
      detail: { type: "string" },
    },
  };
}

const ACCEPT_ENCODING = {
  "Accept-Encoding": { type: "string", description: "With `content-encoding`: what is taken" },
};
const RETRY_AFTER = { "Retry-After": { type: "integer", description: "Seconds" } };

/** The responses for these problems: one for each status. */
function problems(...names: ProblemName[]): Record<number, object> {
  const responses: Record<number, object> = {};
  for (const name of names) {
    const { status } = PROBLEMS[name];
    const same = names.filter((other) => PROBLEMS[other].status === status);
    responses[status] = {
      description: same.map((other) => `\`${other}\`: ${PROBLEMS[other].title}`).join(". "),
      ...([429, 503, 507].includes(status) && { headers: RETRY_AFTER }),
      ...(names.includes("content-encoding") && status === 415 && { headers: ACCEPT_ENCODING }),
      content: { "application/problem+json": { schema: problemSchema(same) } },
    };
  }
  return responses;
}

const INBOX = {
  type: "object",
  required: ["inbox"],
  properties: { inbox: { type: "string", description: "Its name" } },
};
const STORED = {
  description: "Sealed and on disk",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["records"],
        properties: {
          records: { type: "integer", minimum: 1 },
          journal: { type: "string", description: "The journal's id; not in the answer to a repeated request" },
          offset: { type: "integer", description: "Where the frame of these records begins in the journal" },
          time: { type: "string", format: "date-time", description: "What is sealed with them as `time`" },
        },
      },
    },
  },
};
const BEARER = [{ bearer: [] }];
const CONTENT_ENCODING = {
  type: "string",
  enum: ["identity", ...ENCODINGS],
  description: "Once; what counts for limits, keys, signatures and records is the body once it is decoded",
};
/** Bytes as they are: no schema describes them. */
const BINARY = { schema: {} };

/** What a reader may be told, whatever he asks. */
const FOR_READERS = [
  "unauthorized",
  "forbidden",
  "gone",
  "too-many-requests",
  "internal",
  "busy",
  "too-many-open",
  "storage",
  "refused",
  "stopping",
] as const;

/** What may come of a body. */
const TAKING_IN = [
  "bad-encoding",
  "gone",
  "too-large",
  "content-encoding",
  "media-type",
  "key-reused",
  ...QUOTA_PROBLEMS,
  "too-many-requests",
  "internal",
  "busy",
  "too-many-keys",
  "too-many-open",
  "storage",
  "refused",
  "fenced",
  "stopping",
  "full",
] as const;

export const records = {
  operationId: "postRecords",
  summary: "Append records",
  description:
    "One record, or with application/x-ndjson one for each line (any bytes but newlines). All of them are in the journal, together and in this order, or none. The answer is 201 once they are sealed and flushed to disk. With each are sealed when it came, from whom, and, of one record, its Content-Type and the headers ce-… of CloudEvents in binary mode.",
  security: BEARER,
  params: INBOX,
  headers: {
    type: "object",
    properties: {
      "content-encoding": CONTENT_ENCODING,
      "idempotency-key": {
        type: "string",
        description:
          "16 to 128 visible ASCII characters, random (a UUID will do), in quotes or without. For a stated time, a repeated request with the same key is acknowledged and not done again.",
      },
    },
  },
  body: { content: Object.fromEntries(Object.keys(MEDIA_TYPES).map((type) => [type, BINARY])) },
  response: {
    201: STORED,
    ...problems("bad-request", "bad-key", "no-record", "unauthorized", "forbidden", ...TAKING_IN),
  },
} as const;

export const hooks = {
  operationId: "postHook",
  summary: "Append a record, with the token in the address",
  description:
    "For senders that cannot set headers. A body of a type that postRecords does not know is one record. Where the token has webhook secrets, the body must be signed as Standard Webhooks has it, and `webhook-id` is its idempotency key.",
  params: {
    type: "object",
    required: ["inbox", "token"],
    properties: {
      inbox: { type: "string", description: "Its name" },
      token: { type: "string", description: "Secret, as the whole address is" },
    },
  },
  headers: {
    type: "object",
    properties: {
      "content-encoding": CONTENT_ENCODING,
      "webhook-id": { type: "string" },
      "webhook-timestamp": { type: "string", description: "Unix time, within five minutes" },
      "webhook-signature": { type: "string", description: "v1,BASE64, or several of these" },
    },
  },
  body: { content: { "*/*": BINARY } },
  response: {
    201: STORED,
    ...problems("bad-request", "bad-key", "no-record", "unauthorized", "bad-signature", ...TAKING_IN),
  },
} as const;

const JOURNAL_HEADERS = {
  ETag: { type: "string", description: "Changes as the journal grows" },
  "Accept-Ranges": { type: "string" },
};

export const journal = {
  operationId: "getJournal",
  summary: "Get the journal, or a part of it",
  description:
    "The sealed journal, up to the end of the last frame that is on disk. Bytes once served never change; more are appended. A range under If-Range with an ETag of an earlier, shorter journal is given: what came before is the same.",
  security: BEARER,
  params: INBOX,
  headers: {
    type: "object",
    properties: {
      range: { type: "string", description: "One range of bytes" },
      "if-range": { type: "string" },
      "if-none-match": { type: "string" },
      prefer: {
        type: "string",
        description: "wait=SECONDS, at most 30: where there is nothing new, the answer comes when there is",
      },
    },
  },
  response: {
    200: { description: "All of it", headers: JOURNAL_HEADERS, content: { "application/octet-stream": BINARY } },
    206: { description: "The range", headers: JOURNAL_HEADERS, content: { "application/octet-stream": BINARY } },
    304: { description: "Nothing has come since that ETag", headers: JOURNAL_HEADERS },
    ...problems(...FOR_READERS, "out-of-range", "fenced"),
  },
} as const;

export const journalHead = { ...journal, operationId: "headJournal", summary: "How long the journal is" } as const;

export const acknowledgement = {
  operationId: "putAcknowledgement",
  summary: "Say how far a reader has the journal",
  description:
    "The body is the cursor of a reader that has fetched and kept everything before it. Where the inbox is shortened, nothing is removed that a reader has not acknowledged. Acknowledgements of a reader only go forward.",
  security: BEARER,
  params: INBOX,
  body: { content: { "*/*": BINARY } },
  response: {
    200: {
      description: "It is kept",
      content: {
        "application/json": {
          schema: {
            type: "object",
            required: ["end"],
            properties: { end: { type: "integer", description: "The byte up to which the reader has the journal" } },
          },
        },
      },
    },
    ...problems(...FOR_READERS, "behind", "too-large", "bad-cursor", "full"),
  },
} as const;

export const alive = {
  operationId: "getLiveness",
  summary: "Whether the process lives, whatever becomes of requests",
  response: {
    200: {
      description: "It does",
      content: { "application/json": { schema: { type: "object", properties: { status: { enum: ["ok"] } } } } },
    },
  },
} as const;

const FIT = {
  200: {
    description: "It does",
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["status"],
          properties: {
            status: { enum: ["ok", "degraded"], description: "degraded: some inboxes cannot be used, others can" },
            failing: { type: "integer", description: "How many cannot" },
          },
        },
      },
    },
  },
  ...problems("storage", "stopping"),
};

export const ready = {
  operationId: "getReadiness",
  summary: "Whether requests should be sent here",
  response: FIT,
} as const;

export const health = {
  operationId: "getHealth",
  summary: "The same as /readyz",
  response: FIT,
} as const;

export const metrics = {
  operationId: "getMetrics",
  summary: "Figures for Prometheus",
  response: { 200: { description: "Text format 0.0.4", content: { "text/plain": { schema: { type: "string" } } } } },
} as const;

export const document = {
  operationId: "getOpenApi",
  summary: "This document",
  response: { 200: { description: "OpenAPI 3.1", content: { "application/json": { schema: {} } } } },
} as const;
