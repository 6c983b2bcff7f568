// POST: takes in records.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { decoded, encodingOf } from "../encodings/decode.js";
import { keyIn } from "../idempotency/header.js";
import { Problem } from "../problem.js";
import { secretBytes } from "../store/webhook-secrets.js";
import { type Framing, MEDIA_TYPES, readBody, tooLarge } from "./body.js";
import { headsOf } from "./heads.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";
import { type Brought, type Taken, takeIn } from "./taking.js";
import { checkSignature, type Webhook, webhookOf } from "./webhooks.js";

type Request = FastifyRequest<{ Params: { inbox: string } }>;

/** A body is bytes: what it holds is nobody's business. */
const UNREAD = { validatorCompiler: () => () => true };

export function recordsRoute(app: FastifyInstance, service: Service): void {
  for (const type of Object.keys(MEDIA_TYPES)) {
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  app.post<{ Params: { inbox: string } }>("/v1/inboxes/:inbox/records", {
    ...UNREAD,
    schema: schemas.records,
    onRequest: async (request) => {
      request.bearer = await service.authorize(request, "producer");
      if (request.headers["content-type"] === undefined) throw noType();
      checkHeaders(request, service.options.maxBody);
    },
    handler: (request, reply) => {
      const framing = framingOf(request);
      if (framing === null) throw noType();
      return held(service, { request, reply, framing, webhook: null });
    },
  });
}

/** For senders that cannot set headers: the token stands in the address, and a body of any other type is a record. */
export function hooksRoute(app: FastifyInstance, service: Service): void {
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.post<{ Params: { inbox: string; token: string } }>("/v1/inboxes/:inbox/hooks/:token", {
    ...UNREAD,
    schema: schemas.hooks,
    onRequest: async (request) => {
      request.bearer = await service.authorizeHook(request.params);
      checkHeaders(request, service.options.maxBody);
    },
    handler: (request, reply) => {
      const isSigned = request.bearer.grant.secrets.length > 0;
      const webhook = isSigned ? ifSigned(service, () => webhookOf(request.headers, Date.now())) : null;
      return held(service, { request, reply, framing: framingOf(request) ?? "single", webhook });
    },
  });
}

/** Counts where it throws. */
function ifSigned<T>(service: Service, check: () => T): T {
  try {
    return check();
  } catch (error) {
    service.metrics.notLetIn("signature");
    throw error;
  }
}

interface Posted {
  readonly request: Request;
  readonly reply: FastifyReply;
  readonly framing: Framing;
  /** null where nothing has to be signed. */
  readonly webhook: Webhook | null;
}

/** Appends what the request brings, for which it takes room in memory. */
function held(service: Service, posted: Posted): Promise<Answer> {
  const { request } = posted;
  const bytes = announced(request) ?? service.options.maxBody;
  return service.admission.hold(request.bearer.bucket, bytes, (more) =>
    append(service, posted, more).finally(() => scrub(service, request)),
  );
}

/** Whatever has come of a body, it is not left where it was read. */
async function scrub(service: Service, request: Request): Promise<void> {
  await service.scrubber.scrub().catch((error) => {
    // What is stored is stored: whoever was told otherwise would send it again.
    request.log.warn({ reason: error.message }, "what was read last is not overwritten yet");
  });
}

/** Refuses before anything of the body is read. Throws `Problem`. */
function checkHeaders(request: Request, maxBody: number): void {
  const { "content-encoding": encoding, "transfer-encoding": transfer } = request.headers;
  encodingOf(encoding);
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") {
    throw new Problem("media-type", "No Transfer-Encoding is taken but chunked.");
  }
  if ((announced(request) ?? 0) > maxBody) throw tooLarge(maxBody);
}

function noType(): Problem {
  return new Problem("media-type", `Content-Type must be one of ${Object.keys(MEDIA_TYPES).join(", ")}.`);
}

/** The length that the body is said to have. */
function announced({ headers }: Request): number | null {
  const length = headers["content-length"];
  return length === undefined ? null : Number(length);
}

/** What is answered with 201. */
interface Answer {
  readonly records: number;
  /** Where they are, if they were written now: the journal's id, and where their frame begins in it. */
  readonly journal?: string;
  readonly offset?: number;
  readonly time?: string;
}

async function append(
  service: Service,
  { request, reply, framing, webhook }: Posted,
  more: (bytes: number) => void,
): Promise<Answer> {
  const { headers, bearer } = request;
  const { keptHeaders: kept = [], maxBody } = service.options;
  const said = headsOf({ headers, producer: bearer.grant.name, framing, kept });
  const heads = webhook ? { ...said, "webhook-id": webhook.id } : said;
  const key = webhook ? `webhook ${webhook.id}` : idempotencyKey(request);
  const sent = await readBody(request.raw, maxBody);
  const encoding = encodingOf(headers["content-encoding"]);
  // What is signed, compared with a retry and sealed is the body as it was before it was encoded.
  const body = encoding === null ? sent : await decoded(encoding, sent, maxBody, more);
  try {
    if (webhook) ifSigned(service, () => checkSignature(webhook, bearer.grant.secrets.map(secretBytes), body));
    const answer = await take(service, request, { producer: bearer.grant.name, body, framing, heads, key }, reply);
    reply.code(201);
    return answer;
  } finally {
    // The records are sealed, or not in the journal: nobody needs them here. The answer has not left yet.
    body.fill(0);
  }
}

/** Has the records of a body appended, here or by the service that has the inbox open. Throws `Problem`. */
async function take(service: Service, request: Request, brought: Brought, reply: FastifyReply): Promise<Answer> {
  const { inbox } = request.params;
  const here = async () => {
    const taken = await service.inboxes.use(inbox, (open) => takeIn(open, brought));
    service.took(inbox, taken, brought.body.length, reply.elapsedTime / 1000);
    return taken;
  };
  const elsewhere = service.inboxes.has(inbox) ? null : service.peers?.forward({ ...brought, inbox });
  try {
    return answered((await elsewhere) ?? (await here()), brought.heads.time!);
  } catch (error) {
    throw service.failed(inbox, error);
  }
}

/** Nothing of what was written before: where that is, nobody remembers. */
function answered({ count, frame }: Taken, time: string): Answer {
  return { records: count, ...(frame && { journal: frame.journal, offset: frame.position, time }) };
}

/** null for a type that is not among those that are known. */
function framingOf({ headers }: Request): Framing | null {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return Object.hasOwn(MEDIA_TYPES, type) ? MEDIA_TYPES[type]! : null;
}

function idempotencyKey({ headers }: Request): string | null {
  const header = headers["idempotency-key"];
  if (header === undefined) return null;
  const key = keyIn(String(header));
  if (key !== null) return key;
  throw new Problem("bad-key", "Idempotency-Key takes 16 to 128 visible ASCII characters, such as a random UUID.");
}
