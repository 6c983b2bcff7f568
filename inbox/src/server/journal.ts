// GET: gives the journal away, up to where it is on disk.

import { createHash } from "node:crypto";
import { finished } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "../problem.js";
import type { JournalReading, Place } from "../store/store.js";
import { waitOf } from "./prefer.js";
import { type ByteRange, parseRange } from "./range.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

type Request = FastifyRequest<{ Params: { inbox: string } }>;

/**
 * Bytes at the beginning that tell one journal from another: the fixed fields of the first epoch's core, the commitment
 * among them.
 */
const HEAD_BYTES = 84;

export function journalRoute(app: FastifyInstance, service: Service): void {
  const url = "/v1/inboxes/:inbox/journal";
  const options = {
    exposeHeadRoute: false,
    validatorCompiler: () => () => true,
    onRequest: async (request: Request) => {
      request.bearer = await service.authorize(request, "reader");
    },
  };
  const handler = (request: Request, reply: FastifyReply) => give(service, request, reply);
  app.get(url, { ...options, schema: schemas.journal }, handler);
  app.head(url, { ...options, schema: schemas.journalHead }, handler);
}

async function give(service: Service, request: Request, reply: FastifyReply): Promise<unknown> {
  const state = await awaited(service, request, reply);
  let isSending = false;
  try {
    const part = answer(request, reply, state);
    if (!part) return reply;
    const stream = state.reading.stream(part.start, part.end);
    isSending = true;
    // A stream that closes nothing tells of its end alone.
    finished(stream, () => void state.reading.close().catch(() => undefined));
    return reply.send(stream);
  } finally {
    if (!isSending) await state.reading.close();
  }
}

/** Milliseconds after which a journal is looked at again that others may write. */
const LOOK = 1000;

/**
 * The journal as it is, or where the client would wait and has all of it, as soon as there is more, for as long as it
 * would. Whose writer is this service is not looked at meanwhile: it would be kept open, and its keys in memory. Throws
 * `Problem`.
 */
async function awaited(service: Service, request: Request, reply: FastifyReply): Promise<State> {
  const { inbox } = request.params;
  const wait = request.method === "GET" ? waitOf(request.headers.prefer) : 0;
  if (wait > 0) reply.header("preference-applied", `wait=${wait}`);
  const until = performance.now() + 1000 * wait;
  const look = service.store.place(inbox).isAlwaysWhole ? LOOK : Number.POSITIVE_INFINITY;
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  for (;;) {
    const count = service.news.countOf(inbox);
    const state = await stateOf(service, inbox);
    const left = until - performance.now();
    if (left <= 0 || service.isLeaving || gone.signal.aborted || hasNews(request, state)) return state;
    await state.reading.close();
    // Timers drop fractions: up to a millisecond early, the journal would be looked at once more for nothing.
    await service.news.after(inbox, count, Math.ceil(Math.min(left, look)), gone.signal);
  }
}

/** Whether there is something that the client does not have. */
function hasNews({ headers }: Request, state: State): boolean {
  return !matches(headers["if-none-match"], tagOf(state)) && partOf(headers, state) !== "none";
}

function tagOf({ id, size, isSettled }: State): string {
  return isSettled ? etag(id, size) : passingEtag(id, size);
}

/** The range that is asked for, if it is of this journal; null for all of it. */
function partOf(headers: Request["headers"], { id, size }: State): ByteRange | "none" | null {
  const ifRange = headers["if-range"] as string | undefined;
  return ifRange === undefined || continues(ifRange, id, size) ? parseRange(headers.range, size) : null;
}

/** Sets the headers; the bytes that are to follow, null where none do, and all is sent. Throws `Problem`. */
function answer(request: Request, reply: FastifyReply, state: State): ByteRange | null {
  const { size } = state;
  const tag = tagOf(state);
  reply.header("etag", tag).header("accept-ranges", "bytes").header("cache-control", "private, no-transform");
  if (matches(request.headers["if-none-match"], tag)) {
    reply.code(304).send();
    return null;
  }
  const part = partOf(request.headers, state);
  if (part === "none") {
    reply.header("content-range", `bytes */${size}`);
    throw new Problem("out-of-range", `It has ${size} bytes.`);
  }
  const { start, end } = part ?? { start: 0, end: size };
  if (part) reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${size}`);
  reply.header("content-type", "application/octet-stream").header("content-length", end - start);
  if (request.method !== "HEAD" && start < end) return { start, end };
  reply.send(null);
  return null;
}

interface State {
  readonly reading: JournalReading;
  readonly id: string;
  /** Bytes that are on disk. */
  readonly size: number;
  /** Whether they end with a frame, and never change. */
  readonly isSettled: boolean;
}

/**
 * Of a journal that cannot be written, because the disk is full, or another process holds it, say, what is on disk is
 * given all the same. Throws `Problem`.
 */
async function stateOf(service: Service, name: string): Promise<State> {
  const place = service.store.place(name);
  const found = await ofWriter(service, place);
  let reading: JournalReading | null = found instanceof Problem ? null : found.reading;
  try {
    const durable = found instanceof Problem ? null : found.durable;
    reading ??= await place.reading();
    const id = idOf(await reading.readAt(0, HEAD_BYTES));
    if (durable !== null && durable <= (await reading.size())) return { reading, id, size: durable, isSettled: true };
    return { reading, id, size: await reading.flushed(), isSettled: place.isAlwaysWhole };
  } catch (error) {
    await reading?.close();
    throw found instanceof Problem ? found : service.failed(name, error);
  }
}

/** What its writer knows to be durable, and that very journal; nothing where none is asked. */
interface OfWriter {
  readonly durable: number | null;
  readonly reading: JournalReading | null;
}

/** Or why its writer does not say. Throws `Problem`. */
async function ofWriter(service: Service, place: Place): Promise<OfWriter | Problem> {
  const { name, isAlwaysWhole } = place;
  if (isAlwaysWhole) return { durable: null, reading: null };
  // While it is used, nobody shortens it.
  const asking = service.inboxes.use(name, async (inbox) => {
    const reading = await place.reading();
    return { durable: inbox.durableBytes, reading };
  });
  return asking.catch((error: unknown) => unwritable(service, name, error));
}

/** Why the inbox cannot be used. Throws `Problem` where that says nothing of the journal. */
function unwritable(service: Service, name: string, error: unknown): Problem {
  const problem = service.failed(name, error);
  if (problem.cause === undefined && problem.problem !== "too-many-open") throw problem;
  return problem;
}

/** Strong: it changes with each frame, as the journal does. */
function etag(id: string, size: number): string {
  return `"${id}-${size}"`;
}

/**
 * Of a journal that nobody here writes: its end may be another one when it is written again, so no range goes on from
 * it.
 */
function passingEtag(id: string, size: number): string {
  return `"${id}-${size}-passing"`;
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

/**
 * Whether it is the ETag of this journal as it is, or was: then what its holder has is the beginning of what there is.
 */
function continues(header: string, id: string, size: number): boolean {
  const [, theirs, length] = /^"([0-9a-f]+)-(\d{1,15})"$/.exec(header) ?? [];
  return theirs === id && Number(length) <= size;
}

/** What is the same for a journal as long as it lives, and different for each, by its first bytes. */
function idOf(head: Uint8Array): string {
  return createHash("sha256").update(head).digest("hex").slice(0, 32);
}
