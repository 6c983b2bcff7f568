// Where other services pass on what came to them for an inbox that this one has open.

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { Problem, storageProblem } from "../problem.js";
import { readBody } from "../server/body.js";
import type { Service } from "../server/service.js";
import { takeIn } from "../server/taking.js";
import type { Leases } from "../store/store.js";
import type { Card } from "./card.js";
import { type Certificate, hashOf, pemOf } from "./certificate.js";
import { type Answer, answerOf, MAX_HEAD, parseMessage } from "./message.js";

/** Milliseconds for a message to be there as a whole. */
const MESSAGE_TIME = 15_000;
const HANDSHAKE_TIME = 5000;
const MOST_CONNECTIONS = 256;

export interface ListenerOptions {
  readonly service: Service;
  readonly leases: Leases;
  readonly certificate: Certificate;
  readonly isGenuine: (card: Card) => boolean;
  /** Told why what was passed on could not be done. */
  readonly note: (what: string, error: unknown) => void;
}

/** Whoever passes it on, of the room for bodies they get the share of one. */
const OTHERS = {};

/** Takes nothing from who is no service on the same database, with the same signing key. */
export function makeListener(options: ListenerOptions): Server {
  const { certificate } = options;
  const key = certificate.key.export({ type: "pkcs8", format: "pem" });
  const known = new WeakMap<TLSSocket, Promise<boolean>>();
  const server = createServer({
    cert: pemOf(certificate.bytes),
    key,
    requestCert: true,
    // Who it is, is found out by the certificate itself.
    rejectUnauthorized: false,
    minVersion: "TLSv1.3",
    handshakeTimeout: HANDSHAKE_TIME,
    requestTimeout: MESSAGE_TIME,
    headersTimeout: MESSAGE_TIME,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("request", async (request, response) => {
    const socket = request.socket as TLSSocket;
    const isKnown = known.get(socket) ?? isService(socket, options);
    known.set(socket, isKnown);
    if (!(await isKnown.catch(() => false))) return void socket.destroy();
    const answer = await answered(request, options);
    send(response, answer);
  });
  server.on("tlsClientError", () => undefined);
  return server;
}

/** Whether who is connected has the certificate of a service, and its key, as TLS has found out. */
async function isService(socket: TLSSocket, { leases, isGenuine }: ListenerOptions): Promise<boolean> {
  const { raw } = socket.getPeerCertificate();
  if (!raw) return false;
  const cards = await leases.services();
  const own = hashOf(raw);
  return cards.some((card) => hashOf(card.certificate).equals(own) && isGenuine(card));
}

/** null where the inbox is not open here: it is for who asks to find out where it is. */
async function answered(request: IncomingMessage, { service, note }: ListenerOptions): Promise<Answer | null> {
  try {
    const length = Number(request.headers["content-length"] ?? Number.NaN);
    const limit = 4 + MAX_HEAD + service.options.maxBody;
    if (!(length <= limit)) throw new Problem("too-large", `A message has at most ${limit} bytes.`);
    return await service.admission.hold(OTHERS, length, async () => {
      const since = performance.now();
      const message = await readBody(request, limit);
      try {
        const forwarded = parseMessage(message);
        const { inbox } = forwarded;
        if (!service.inboxes.has(inbox)) return null;
        const taking = service.inboxes.use(inbox, (open) => takeIn(open, forwarded));
        const taken = await taking.catch((error) => {
          throw service.failed(inbox, error);
        });
        service.took(inbox, taken, forwarded.body.length, (performance.now() - since) / 1000);
        await service.scrubber.scrub().catch(() => undefined);
        return { taken };
      } finally {
        message.fill(0);
      }
    });
  } catch (error) {
    const problem = storageProblem(error);
    if (problem.cause !== undefined) note("what another service passed on was not taken", problem.cause);
    return answerOf(problem);
  }
}

function send(response: ServerResponse, answer: Answer | null): void {
  if (!answer) return void response.writeHead(421).end();
  const text = JSON.stringify(answer);
  response.writeHead(200, { "content-length": Buffer.byteLength(text) }).end(text);
}
