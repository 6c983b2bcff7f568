// Pages of other origins that may use the service: those that the operator named (Fetch, "CORS protocol").

import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.js";

/** What a page may send beside what every page may. */
const SENT =
  "Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-None-Match, If-Range, Prefer, Range, X-Request-Id";
/** What a page may see beside what every page may. */
const SEEN = "Accept-Encoding, Accept-Ranges, Content-Range, ETag, Preference-Applied, Retry-After, X-Request-Id";
/** Seconds for which a browser need not ask again. */
const REMEMBERED = 600;
const METHODS = {
  "/v1/inboxes/:inbox/journal": "GET, HEAD",
  "/v1/inboxes/:inbox/records": "POST",
  "/v1/inboxes/:inbox/acknowledgement": "PUT",
};

/** Without origins, browsers are told nothing, and let no other page in. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook("onRequest", async (request, reply) => {
    reply.header("vary", "Origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return;
    reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", SEEN);
  });
  for (const [url, methods] of Object.entries(METHODS)) {
    app.options(url, { schema: { hide: true } }, async (_request, reply) => {
      if (!reply.hasHeader("access-control-allow-origin")) throw new Problem("not-found", "See /openapi.json.");
      reply.header("access-control-allow-methods", methods).header("access-control-allow-headers", SENT);
      return reply.header("access-control-max-age", REMEMBERED).code(204).send();
    });
  }
}

/** Whether it can be an origin, as browsers write it: scheme, host, and a port that is not the usual one; or `null`. */
export function isOrigin(text: string): boolean {
  if (text === "null") return true;
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}
