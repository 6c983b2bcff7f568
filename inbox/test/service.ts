// A service on 127.0.0.1 in a directory of its own, and what it logs.

import { Writable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { Identity } from "seal";
import { onTestFinished } from "vitest";
import type { OpenWriter } from "../src/inbox.js";
import { type InboxEvent, Inboxes, type InboxesOptions } from "../src/inboxes.js";
import { KeyBudget } from "../src/keys/answers.js";
import { makeApp } from "../src/server/app.js";
import { Service, type ServiceOptions } from "../src/server/service.js";
import { Directory, initDirectory, type Place } from "../src/store/directory.js";
import { createToken } from "../src/store/tokens.js";
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
  readonly place: Place;
  readonly producer: string;
  readonly reader: string;
  readonly log: string[];
  readonly events: InboxEvent[];
  post(body: string | Uint8Array | ReadableStream, headers?: Record<string, string>): Promise<Response>;
  get(headers?: Record<string, string>, method?: string): Promise<Response>;
}

export interface Settings extends Partial<ServiceOptions>, Partial<Omit<InboxesOptions, "openWriter">> {
  readonly maxKeys?: number;
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
  const { maxKeys = 1000, maxBody = 100_000, maxHeld = 10_000_000, rate = 100_000, ...rest } = settings;
  const budget = new KeyBudget(maxKeys);
  const note = (event: InboxEvent) => void events.push(event);
  const defaults = { keyLifetime: 3_600_000, maxQueued: 1_000_000, idle: 600_000, note };
  const inboxes = new Inboxes(directory, { openWriter, budget, ...defaults, ...rest });
  const service = new Service(directory, inboxes, budget, { maxBody, maxHeld, rate });
  const app = await makeApp(service, { logger: capturing(log), tls: null, version: "test" });
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
  return address.replace(/\?.*/, "").replace(/^(\/v1\/inboxes\/)[^/]+/, "$1{inbox}");
}

function capturing(log: string[]) {
  const stream = new Writable({
    write: (line, _encoding, done) => {
      log.push(String(line));
      done();
    },
  });
  return pino({ level: "trace", base: null }, stream);
}
