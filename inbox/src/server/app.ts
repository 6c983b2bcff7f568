// The HTTP service: fastify, with what it must and must not say.

import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { ENCODINGS } from "../encodings/decode.js";
import { Problem, type ProblemName } from "../problem.js";
import { acknowledgementRoute } from "./acknowledgement.js";
import { allowOrigins } from "./cors.js";
import { journalRoute } from "./journal.js";
import { refuseOtherMethods } from "./methods.js";
import { hooksRoute, recordsRoute } from "./records.js";
import { requestIdOf } from "./request-id.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";
import { documentRoute, healthRoutes, metricsRoute } from "./status.js";

/** PEM. */
interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface OperatorsOptions {
  readonly logger: FastifyBaseLogger;
  readonly version: string;
}

export interface AppOptions extends OperatorsOptions {
  /** null where something in front of the service speaks TLS. */
  readonly tls: Certificate | null;
  /** Whether it gives the figures too. */
  readonly hasMetrics: boolean;
}

/** Milliseconds for a request to be there as a whole. */
const REQUEST_TIME = 60_000;
const HEADERS_TIME = 15_000;
const KEEP_ALIVE = 72_000;

export async function makeApp(service: Service, options: AppOptions): Promise<FastifyInstance> {
  const { logger, tls, version, hasMetrics } = options;
  const app = bareApp(service, logger, tls);
  app.addHook("onClose", async () => service.close());
  const urls = new Set<string>();
  app.addHook("onRoute", (route) => {
    urls.add(route.url);
    // HEAD is documented where it is more than GET without a body.
    if (route.method === "HEAD" && route.schema !== schemas.journalHead) route.schema = { ...route.schema, hide: true };
  });
  allowOrigins(app, service.options.origins ?? []);
  await app.register(swagger, { openapi: about(version), exposeHeadRoutes: true });
  await app.register(async (scope) => recordsRoute(scope, service));
  await app.register(async (scope) => hooksRoute(scope, service));
  await app.register(async (scope) => journalRoute(scope, service));
  await app.register(async (scope) => acknowledgementRoute(scope, service));
  healthRoutes(app, service);
  if (hasMetrics) metricsRoute(app, service);
  documentRoute(app);
  await app.after();
  refuseOtherMethods(app, urls);
  await app.ready();
  return app;
}

/** What is for operators alone, to listen where nobody else is. */
export async function makeOperatorsApp(service: Service, { logger }: OperatorsOptions): Promise<FastifyInstance> {
  const app = bareApp(service, logger, null);
  healthRoutes(app, service);
  metricsRoute(app, service);
  await app.ready();
  return app;
}

/** Without routes: how requests are read, and what is said where nothing comes of one. */
function bareApp(service: Service, logger: FastifyBaseLogger, tls: Certificate | null): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    genReqId: requestIdOf,
    // Requests are logged below, without what fastify would add: addresses may hold secrets.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    requestTimeout: REQUEST_TIME,
    keepAliveTimeout: KEEP_ALIVE,
    bodyLimit: service.options.maxBody,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => malformed(error, socket, logger),
    frameworkErrors: (_error, request, reply) => {
      request.log.info({ problem: "bad-request", status: 400 }, "no request");
      refuse(
        new Problem("bad-request", "The address is malformed."),
        request,
        reply.header("x-request-id", request.id),
      );
    },
    ...(tls && { https: tls }),
  }) as unknown as FastifyInstance;
  app.server.headersTimeout = HEADERS_TIME;
  // Else fastify's own read a body before it is known that nothing is at its address.
  app.removeAllContentTypeParsers();
  app.decorateRequest("bearer", null as never);
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error as FastifyError);
    service.metrics.refused(problem.problem);
    return refuse(problem, request, reply);
  });
  app.setNotFoundHandler((request, reply) => refuse(new Problem("not-found", "See /openapi.json."), request, reply));
  app.addHook("onSend", async (request, reply, payload) => {
    reply.header("x-request-id", request.id);
    // A connection that stayed open would keep the service from stopping.
    if (service.stopping) reply.header("connection", "close");
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => told(service, request, reply));
  return app;
}

function about(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "seal-inbox",
      version,
      description: "Accepts small records for a user who is away, and seals each before acknowledging it.",
    },
    components: { securitySchemes: { bearer: { type: "http" as const, scheme: "bearer" } } },
  };
}

/** What fastify's own errors are called here. */
const KNOWN: Readonly<Record<string, ProblemName>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media-type",
  FST_ERR_CTP_BODY_TOO_LARGE: "too-large",
};

function asProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  const name = KNOWN[error.code];
  if (name) return new Problem(name, "See /openapi.json for what is accepted.");
  const isClients = (error.statusCode ?? 500) < 500;
  if (isClients) return new Problem("bad-request", "The request is malformed.");
  return new Problem("internal", "An unexpected error occurred.", { cause: error });
}

function refuse(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { retryAfter, status, cause } = problem;
  if (cause !== undefined) request.log.error({ problem: problem.problem, reason: reasonOf(cause) }, "failed");
  if (retryAfter !== null) reply.header("retry-after", retryAfter);
  // RFC 7694: so a client knows that another encoding is what helps.
  if (problem.problem === "content-encoding") reply.header("accept-encoding", ENCODINGS.join(", "));
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="seal-inbox"');
  // What was not read of the body would have to be.
  if (!request.raw.complete) reply.header("connection", "close");
  return reply.code(status).type("application/problem+json").send(JSON.stringify(problem.body()));
}

/**
 * What a failure was, for the log. Messages of seal's errors hold no secret; of others only the place in the program is
 * told.
 */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  if (cause.name === "SealError") return cause.message;
  return `${cause.name} ${cause.stack?.split("\n").slice(1, 4).join(" ").replace(/\s+/g, " ") ?? ""}`;
}

/** One line for each request: which route, never the address; who, never the token. */
function told(service: Service, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? "none";
  const { statusCode: status } = reply;
  service.metrics.answered(route, status);
  const level = status >= 500 ? "warn" : status >= 400 ? "info" : "debug";
  const { bearer, method } = request;
  const inbox = bearer ? (request.params as { inbox?: string }).inbox : undefined;
  const ms = Math.round(reply.elapsedTime);
  request.log[level]({ method, route, status, inbox, token: bearer?.grant.id, by: bearer?.grant.name, ms }, "request");
}

/**
 * What is not HTTP: the log has no more of it than that there was something, as the error holds the bytes that came.
 */
function malformed(error: Error & { code?: string }, socket: Socket, logger: FastifyBaseLogger): void {
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) return void socket.destroy();
  const name = CLIENT_ERRORS[error.code ?? ""] ?? "bad-request";
  const problem = new Problem(name, "The connection is closed.");
  const text = JSON.stringify(problem.body());
  const requestId = randomUUID();
  const head = [
    `HTTP/1.1 ${problem.status} ${name}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${text.length}`,
    `X-Request-Id: ${requestId}`,
    "Connection: close",
  ].join("\r\n");
  logger.info({ requestId, problem: name, status: problem.status }, "no request");
  socket.write(`${head}\r\n\r\n${text}`);
  // What else comes is not taken in, and when the connection ends is not for the client to say.
  socket.destroySoon();
}

/** Whether another answer is due, or has begun: this one would pass for it. */
function isAnswering(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const response = socket._httpMessage;
  return response ? response.headersSent || response.req.complete : false;
}

const CLIENT_ERRORS: Readonly<Record<string, ProblemName>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "timeout",
};
