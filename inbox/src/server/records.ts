// POST: takes in records.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Inbox } from "../inbox.js";
import { isKey, type KeyedRequest, keyedRequest } from "../keys/request.js";
import { Problem, storageProblem } from "../problem.js";
import { type Framing, MEDIA_TYPES, readBody, recordsOf, tooLarge } from "./body.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

type Request = FastifyRequest<{ Params: { inbox: string } }>;

export function recordsRoute(app: FastifyInstance, service: Service): void {
  for (const type of Object.keys(MEDIA_TYPES)) {
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  app.post<{ Params: { inbox: string } }>("/v1/inboxes/:inbox/records", {
    schema: schemas.records,
    // A body is bytes: what it holds is nobody's business.
    validatorCompiler: () => () => true,
    onRequest: async (request) => {
      request.bearer = await service.authorize(request, "producer");
      checkHeaders(request, service.options.maxBody);
    },
    handler: (request, reply) => {
      const bytes = announced(request) ?? service.options.maxBody;
      return service.admission.hold(request.bearer.bucket, bytes, () => append(service, request, reply));
    },
  });
}

/** Refuses before anything of the body is read. Throws `Problem`. */
function checkHeaders(request: Request, maxBody: number): void {
  const { "content-encoding": encoding, "content-type": type, "transfer-encoding": transfer } = request.headers;
  if (encoding !== undefined && encoding !== "identity") {
    throw new Problem("media-type", "Bodies are taken as they are: no Content-Encoding.");
  }
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") {
    throw new Problem("media-type", "Bodies are taken as they are: no Transfer-Encoding but chunked.");
  }
  if (type === undefined)
    throw new Problem("media-type", `Content-Type is missing: ${Object.keys(MEDIA_TYPES).join(", ")}.`);
  if ((announced(request) ?? 0) > maxBody) throw tooLarge(maxBody);
}

/** The length that the body is said to have. */
function announced({ headers }: Request): number | null {
  const length = headers["content-length"];
  return length === undefined ? null : Number(length);
}

async function append(service: Service, request: Request, reply: FastifyReply): Promise<{ records: number }> {
  const framing = MEDIA_TYPES[mediaType(request)]!;
  const body = await readBody(request.raw, service.options.maxBody);
  try {
    const records = await take(service, request, body, framing, reply);
    reply.code(201);
    return { records };
  } finally {
    // The records are sealed, or not in the journal: nobody needs them here. The answer has not left yet.
    body.fill(0);
  }
}

/** Appends the records of a body; how many they are. Throws `Problem`. */
async function take(
  service: Service,
  request: Request,
  body: Buffer,
  framing: Framing,
  reply: FastifyReply,
): Promise<number> {
  const key = idempotencyKey(request);
  const { replayed, count } = await service.inboxes.use(request.params.inbox, async (inbox) => {
    const records = recordsOf(body, framing);
    const count = records.length;
    const keyed = key === null ? null : keyedRequest(request.bearer.grant.name, key, framing, body, count);
    const stored = store(service, inbox, records, keyed);
    // They are copied by now, and such views take far more memory than the body while they wait for the disk.
    records.length = 0;
    return { ...(await stored), count };
  });
  if (replayed) service.metrics.replayed();
  else service.metrics.appended(count, body.length, reply.elapsedTime / 1000);
  return count;
}

async function store(service: Service, inbox: Inbox, records: readonly Buffer[], keyed: KeyedRequest | null) {
  try {
    const done = await inbox.append(records, keyed);
    service.storageWorked();
    return done;
  } catch (error) {
    const problem = storageProblem(error);
    if (problem.cause !== undefined) service.storageFailed();
    throw problem;
  }
}

function mediaType(request: Request): string {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

function idempotencyKey(request: Request): string | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key !== "string" || !isKey(key)) {
    throw new Problem("bad-key", "Idempotency-Key takes 16 to 128 visible ASCII characters, such as a random UUID.");
  }
  return key;
}
