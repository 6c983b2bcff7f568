// What the routes say of themselves: the OpenAPI document is made from this.

import { PROBLEMS, type ProblemName } from "../problem.js";
import { MEDIA_TYPES } from "./body.js";

const PROBLEM = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", description: "urn:seal-inbox:NAME" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
} as const;

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
      content: { "application/problem+json": { schema: PROBLEM } },
    };
  }
  return responses;
}

const INBOX = {
  type: "object",
  required: ["inbox"],
  properties: { inbox: { type: "string", description: "Its name" } },
};
const BEARER = [{ bearer: [] }];
/** Bytes as they are: no schema describes them. */
const BINARY = { schema: {} };

export const records = {
  operationId: "postRecords",
  summary: "Append records",
  description:
    "One record, or with application/x-ndjson one for each line (any bytes but newlines). All of them are in the journal, together and in this order, or none. 201 is answered when they are sealed and flushed to disk.",
  security: BEARER,
  params: INBOX,
  headers: {
    type: "object",
    properties: {
      "idempotency-key": {
        type: "string",
        description:
          "16 to 128 visible ASCII characters, random (a UUID will do). A request that comes again with it, for a stated time, is answered alike and not done again.",
      },
    },
  },
  body: { content: Object.fromEntries(Object.keys(MEDIA_TYPES).map((type) => [type, BINARY])) },
  response: {
    201: {
      description: "Sealed and on disk",
      content: {
        "application/json": {
          schema: { type: "object", required: ["records"], properties: { records: { type: "integer", minimum: 1 } } },
        },
      },
    },
    ...problems(
      "bad-request",
      "bad-key",
      "no-record",
      "unauthorized",
      "forbidden",
      "too-large",
      "media-type",
      "key-reused",
      "too-many-requests",
      "internal",
      "busy",
      "too-many-keys",
      "storage",
      "refused",
      "stopping",
      "full",
    ),
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
    "The sealed journal, up to the end of the last frame that is on disk. Bytes once given never change; more come. A range under If-Range with an ETag of an earlier, shorter journal is given: what came before is the same.",
  security: BEARER,
  params: INBOX,
  headers: {
    type: "object",
    properties: {
      range: { type: "string", description: "One range of bytes" },
      "if-range": { type: "string" },
      "if-none-match": { type: "string" },
    },
  },
  response: {
    200: { description: "All of it", headers: JOURNAL_HEADERS, content: { "application/octet-stream": BINARY } },
    206: { description: "The range", headers: JOURNAL_HEADERS, content: { "application/octet-stream": BINARY } },
    304: { description: "Nothing has come since that ETag", headers: JOURNAL_HEADERS },
    ...problems(
      "unauthorized",
      "forbidden",
      "out-of-range",
      "too-many-requests",
      "internal",
      "storage",
      "refused",
      "stopping",
    ),
  },
} as const;

export const journalHead = { ...journal, operationId: "headJournal", summary: "How long the journal is" } as const;

export const health = {
  operationId: "getHealth",
  summary: "Whether the service takes requests",
  response: {
    200: {
      description: "It does",
      content: {
        "application/json": {
          schema: { type: "object", required: ["status"], properties: { status: { const: "ok" } } },
        },
      },
    },
    ...problems("storage", "stopping"),
  },
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
