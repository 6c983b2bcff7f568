// A service on 127.0.0.1 in a directory of its own, and what it logs.

import { Writable } from "node:stream";
import { Identity } from "@sealed-files/seal";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { KeyBudget } from "../src/idempotency/answers.js";
import { type InboxEvent, Inboxes, type InboxesOptions } from "../src/inboxes.js";
import { Quotas } from "../src/quotas/quotas.js";
import { makeApp } from "../src/server/app.js";
import { timed } from "../src/server/flushes.js";
import { Metrics } from "../src/server/metrics.js";
import { Service, type ServiceOptions } from "../src/server/service.js";
import type { DirectoryPlace } from "../src/store/directory/place.js";
import { Directory, initDirectory } from "../src/store/directory/store.js";
import { createToken } from "../src/store/tokens.js";
import type { OpenWriter } from "../src/writer.js";
import { folder } from "./folder.js";

/** Who reads. */
export const user = (await Identity.generate()).identity;

/** Method, route and status of every response that a test has had. */
export const responses = new Set<string>();

export interface Running {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly service: Service;
  readonly directory: Directory;
  readonly place: DirectoryPlace;
  readonly producer: string;
  readonly reader: string;
  readonly log: string[];
  readonly events: InboxEvent[];
  post(body: string | Uint8Array | ReadableStream, headers?: Record<string, string>): Promise<Response>;
  get(headers?: Record<string, string>, method?: string): Promise<Response>;
}

export interface Settings extends Partial<ServiceOptions>, Partial<Omit<InboxesOptions, "openWriter">> {
  readonly maxKeys?: number;
  readonly hasMetrics?: boolean;
}

/** With one inbox, `till`, and a token of each kind. Stopped when the test is over. */
export async function startService(openWriter: OpenWriter, settings: Settings = {}): Promise<Running> {
  const path = await folder();
  await initDirectory(path);
  const directory = await Directory.open(path);
  await directory.add("till", { label: "till", recipients: [user.recipient] });
  const place = directory.place("till");
  const producer = (await createToken(place, "producer", "shop")).token;
  const reader = (await createToken(place, "reader", "ann")).token;
  const log: string[] = [];
  const events: InboxEvent[] = [];
  const {
    maxKeys = 1000,
    maxBody = 100_000,
    maxHeld = 10_000_000,
    rate = 100_000,
    retry,
    keptHeaders = [],
    origins = [],
    hasMetrics = true,
    ...rest
  } = settings;
  const budget = new KeyBudget(maxKeys);
  const metrics = new Metrics("test");
  const note = (event: InboxEvent) => void events.push(event);
  const defaults = { keyLifetime: 3_600_000, maxQueued: 1_000_000, idle: 600_000, maxOpen: 100, note };
  const inboxes = new Inboxes(directory, {
    openWriter: timed(openWriter, (seconds) => metrics.flushed(seconds)),
    budget,
    quotas: new Quotas(defaults.keyLifetime),
    ...defaults,
    ...rest,
  });
  const service = new Service(directory, inboxes, budget, metrics, {
    maxBody,
    maxHeld,
    rate,
    keptHeaders,
    origins,
    ...(retry && { retry }),
  });
  const app = await makeApp(service, { logger: capturing(log), tls: null, version: "test", hasMetrics });
  onTestFinished(async () => {
    await app.close();
    await inboxes.close();
  });
  app.server.on("request", (request, response) => {
    response.on("finish", () => responses.add(`${request.method} ${routeOf(request.url)} ${response.statusCode}`));
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const address = `${url}/v1/inboxes/till`;
  const post: Running["post"] = (body, headers) =>
    fetch(`${address}/records`, {
      method: "POST",
      body: body as string,
      headers: { authorization: `Bearer ${producer}`, "content-type": "application/octet-stream", ...headers },
      ...({ duplex: "half" } as object),
    });
  const get: Running["get"] = (headers, method = "GET") =>
    fetch(`${address}/journal`, { method, headers: { authorization: `Bearer ${reader}`, ...headers } });
  return { url, app, service, directory, place, producer, reader, log, events, post, get };
}

/** As the OpenAPI document has it. */
function routeOf(address = ""): string {
  return address
    .replace(/\?.*/, "")
    .replace(/^(\/v1\/inboxes\/)[^/]+(\/hooks\/)?(?:(?<=\/hooks\/)[^/]+)?/, (_all, start, hook) =>
      hook ? `${start}{inbox}${hook}{token}` : `${start}{inbox}`,
    );
}

export function capturing(log: string[]) {
  const stream = new Writable({
    write: (line, _encoding, done) => {
      log.push(String(line));
      done();
    },
  });
  return pino({ level: "trace", base: null }, stream);
}
