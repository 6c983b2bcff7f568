// Where other services pass on what came to them for an inbox that this one has open.

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { SecureContext, TLSSocket } from "node:tls";
import { eraseSecret } from "@sealed-files/seal/internal";
import { Problem, storageProblem } from "../problem.js";
import { readBody } from "../server/body.js";
import type { Service } from "../server/service.js";
import { takeIn } from "../server/taking.js";
import type { Leases } from "../store/store.js";
import type { CardChecker } from "./card.js";
import { hashOf } from "./certificate.js";
import { type Channels, PUBLIC_KEY_BYTES, TAG_BYTES } from "./channel.js";
import { type Answer, answerOf, CHANNEL, ELSEWHERE, MAX_HEAD, MESSAGE_NAME, parseMessage, UNKNOWN } from "./message.js";
import { TLS } from "./own.js";

/** Milliseconds for a message to be there as a whole. */
const MESSAGE_TIME = 15_000;
const HANDSHAKE_TIME = 5000;
const MOST_CONNECTIONS = 256;

export interface ListenerOptions {
  readonly service: Service;
  readonly leases: Leases;
  /** What shows the certificate of that name. */
  readonly contextOf: (name: string) => SecureContext | undefined;
  readonly endOf: CardChecker;
  readonly channels: Channels;
  /** Told why what was passed on could not be done. */
  readonly note: (what: string, error: unknown) => void;
}

/** Whoever passes it on, of the room for bodies they get the share of one. */
const OTHERS = {};

/** Takes nothing from who is no service on the same database, with the same signing key. */
export function makeListener(options: ListenerOptions): Server {
  const callers = new Callers(options);
  const server = createServer({
    // Who asks for no certificate of this service's is shown none, and gets no connection.
    SNICallback: (name, done) => done(null, options.contextOf(name)),
    requestCert: true,
    // Who it is, is found out by the certificate itself.
    rejectUnauthorized: false,
    ...TLS,
    handshakeTimeout: HANDSHAKE_TIME,
    requestTimeout: MESSAGE_TIME,
    headersTimeout: MESSAGE_TIME,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("request", async (request, response) => {
    const socket = request.socket as TLSSocket;
    if (!(await callers.isService(socket).catch(() => false))) return void socket.destroy();
    if (request.url === CHANNEL) return openChannel(request, response, options);
    send(response, await answered(request, options));
  });
  server.on("tlsClientError", () => undefined);
  return server;
}

/** Certificates that are remembered. */
const MOST_KNOWN = 1000;

/** Who are connected. */
class Callers {
  readonly #options: Pick<ListenerOptions, "leases" | "endOf">;
  /** The certificate with which each has shown that it has its key, as TLS has found out. */
  readonly #shown = new WeakMap<TLSSocket, string>();
  /** When the certificates end that have been found to be a service's: also of one that shows another by now. */
  readonly #ends = new Map<string, number>();

  constructor(options: Pick<ListenerOptions, "leases" | "endOf">) {
    this.#options = options;
  }

  /** Throws `io`. */
  async isService(socket: TLSSocket): Promise<boolean> {
    const hash = this.#shown.get(socket) ?? this.#hashOf(socket);
    if (hash === null) return false;
    const end = this.#ends.get(hash) ?? (await this.#look(hash));
    return end !== null && Date.now() < end;
  }

  #hashOf(socket: TLSSocket): string | null {
    const { raw } = socket.getPeerCertificate();
    if (!raw) return null;
    const hash = hashOf(raw).toString("hex");
    this.#shown.set(socket, hash);
    return hash;
  }

  /** Throws `io`. */
  async #look(hash: string): Promise<number | null> {
    const { leases, endOf } = this.#options;
    const card = (await leases.services()).find(({ certificate }) => hashOf(certificate).toString("hex") === hash);
    const end = card ? endOf(card) : null;
    if (end === null) return null;
    this.#ends.set(hash, end);
    if (this.#ends.size > MOST_KNOWN) this.#ends.delete(this.#ends.keys().next().value!);
    return end;
  }
}

async function openChannel(request: IncomingMessage, response: ServerResponse, { channels }: ListenerOptions) {
  try {
    const answer = await channels.accept(await readBody(request, PUBLIC_KEY_BYTES));
    response.writeHead(200, { "content-length": answer.length }).end(answer);
  } catch (error) {
    send(response, answerOf(storageProblem(error)));
  }
}

/** `elsewhere`: who asks is to find out where the inbox is open. `unknown`: there is no such channel any more. */
type Outcome = Answer | "elsewhere" | "unknown";

async function answered(request: IncomingMessage, { service, note, channels }: ListenerOptions): Promise<Outcome> {
  try {
    const length = Number(request.headers["content-length"] ?? Number.NaN);
    const limit = 4 + MAX_HEAD + service.options.maxBody + TAG_BYTES;
    if (!(length <= limit)) throw new Problem("too-large", `A message has at most ${limit} bytes.`);
    return await service.admission.hold(OTHERS, length, async () => {
      const since = performance.now();
      const bytes = await readBody(request, limit);
      const message = channels.unseal({ name: String(request.headers[MESSAGE_NAME]), bytes });
      if (!message) return "unknown";
      try {
        const forwarded = parseMessage(Buffer.from(message.buffer, message.byteOffset, message.length));
        const { inbox } = forwarded;
        if (!service.inboxes.has(inbox)) return "elsewhere";
        const taking = service.inboxes.use(inbox, (open) => takeIn(open, forwarded));
        const taken = await taking.catch((error) => {
          throw service.failed(inbox, error);
        });
        service.took(inbox, taken, forwarded.body.length, (performance.now() - since) / 1000);
        return { taken };
      } finally {
        eraseSecret(message);
      }
    });
  } catch (error) {
    const problem = storageProblem(error);
    if (problem.cause !== undefined) note("what another service passed on was not taken", problem.cause);
    return answerOf(problem);
  }
}

function send(response: ServerResponse, answer: Outcome): void {
  if (typeof answer === "string") return void response.writeHead(answer === "unknown" ? UNKNOWN : ELSEWHERE).end();
  const text = JSON.stringify(answer);
  response.writeHead(200, { "content-length": Buffer.byteLength(text) }).end(text);
}
