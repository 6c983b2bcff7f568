// GET: gives the journal away, up to where it is on disk.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem, storageProblem } from "../problem.js";
import { ioError } from "../store/files.js";
import { parseRange } from "./range.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

type Request = FastifyRequest<{ Params: { inbox: string } }>;

/** Bytes at the beginning that tell one journal from another: the fixed fields of the first epoch's core, the commitment among them. */
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
  const { inbox: name } = request.params;
  const size = await service.inboxes.use(name, async ({ durableBytes }) => durableBytes);
  const { journal: path } = service.directory.place(name);
  const id = await idOf(path);
  const { range, "if-none-match": ifNoneMatch } = request.headers;
  const ifRange = request.headers["if-range"] as string | undefined;
  reply
    .header("etag", etag(id, size))
    .header("accept-ranges", "bytes")
    .header("cache-control", "private, no-transform");
  if (matches(ifNoneMatch, etag(id, size))) return reply.code(304).send();
  const part = ifRange === undefined || continues(ifRange, id, size) ? parseRange(range, size) : null;
  if (part === "none") {
    reply.header("content-range", `bytes */${size}`);
    throw new Problem("out-of-range", `It has ${size} bytes.`);
  }
  const { start, end } = part ?? { start: 0, end: size };
  if (part) reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${size}`);
  reply.header("content-type", "application/octet-stream").header("content-length", end - start);
  return reply.send(request.method === "HEAD" ? null : createReadStream(path, { start, end: end - 1 }));
}

/** Strong: it changes with each frame, as the journal does. */
function etag(id: string, size: number): string {
  return `"${id}-${size}"`;
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

/** Whether it is the ETag of this journal as it is, or was: then what its holder has is the beginning of what there is. */
function continues(header: string, id: string, size: number): boolean {
  const [, theirs, length] = /^"([0-9a-f]+)-(\d{1,15})"$/.exec(header) ?? [];
  return theirs === id && Number(length) <= size;
}

/** The same for a journal as long as it lives, and different for each. Throws `Problem`. */
async function idOf(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex").slice(0, 32);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageProblem(ioError(`cannot read ${path}`, error));
  }
}
