// What goes to one other service, and what it answers: on connections that show its very certificate, and on a
// channel within them.

import { Agent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { Problem } from "../problem.js";
import type { Taken } from "../server/taking.js";
import type { Card } from "./card.js";
import { hashOf } from "./certificate.js";
import { Sending } from "./channel.js";
import {
  CHANNEL,
  ELSEWHERE,
  encodeHead,
  type Forwarded,
  MAX_ANSWER,
  MESSAGE_NAME,
  takenIn,
  UNKNOWN,
} from "./message.js";
import { nameOf, type Shown, TLS } from "./own.js";

/** Milliseconds to be connected, once there is room for a connection; and for the answer, that wait included. */
const CONNECT_TIME = 2000;
const ANSWER_TIME = 10_000;
const MOST_CONNECTIONS = 16;

/** Whether anything was sent that the other service may act on. */
export interface Sent {
  isSent: boolean;
}

interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

export class Link {
  readonly #card: Card;
  readonly #agent: Agent;
  #channel: Sending | null = null;
  #opening: Promise<Sending> | null = null;

  constructor(card: Card, shown: Shown) {
    this.#card = card;
    this.#agent = agentFor(card, shown);
  }

  /** null where the inbox is not open there. Throws `Problem`; an error where there was no answer. */
  async send(forwarded: Forwarded, sent: Sent): Promise<Taken | null> {
    const head = encodeHead(forwarded);
    try {
      for (let isFirst = true; ; ) {
        const channel = await this.#open();
        // Another request may have found out meanwhile that it is no good.
        if (channel.isClosed) continue;
        const { name, bytes } = channel.seal(head, forwarded.body);
        const { status, body } = await this.#ask({ path: "/", headers: { [MESSAGE_NAME]: name }, bytes }, sent);
        if (status !== ELSEWHERE && status !== UNKNOWN) return takenIn(body.toString());
        sent.isSent = false;
        if (status === ELSEWHERE) return null;
        // It was not used for long, or the other service has many.
        this.#drop(channel);
        if (!isFirst) throw new Error("another service forgets what it has agreed to");
        isFirst = false;
      }
    } finally {
      head.fill(0);
    }
  }

  /** What is under way goes on; nothing else is sent on this one. */
  retire(): void {
    const channel = this.#channel;
    if (channel) setTimeout(() => this.#drop(channel), ANSWER_TIME).unref();
  }

  close(): void {
    this.#agent.destroy();
    if (this.#channel) this.#drop(this.#channel);
  }

  async #open(): Promise<Sending> {
    if (this.#channel && !this.#channel.isOld) return this.#channel;
    const exchange = async (bytes: Uint8Array) =>
      (await this.#ask({ path: CHANNEL, headers: {}, bytes }, { isSent: false })).body;
    this.#opening ??= Sending.open(exchange)
      .then((channel) => {
        if (this.#channel) this.#drop(this.#channel);
        this.#channel = channel;
        return channel;
      })
      .finally(() => {
        this.#opening = null;
      });
    return this.#opening;
  }

  #drop(channel: Sending): void {
    channel.erase();
    if (this.#channel === channel) this.#channel = null;
  }

  /** Throws `Problem` where there was no room for it; an error where there was no answer. */
  #ask({ path, headers, bytes }: Asked, sent: Sent): Promise<Answered> {
    const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(this.#card.address) ?? [];
    return new Promise((resolve, reject) => {
      const options = { host, port, path, method: "POST", agent: this.#agent };
      const request = httpsRequest({ ...options, headers: { ...headers, "content-length": bytes.length } });
      let connecting: NodeJS.Timeout | undefined;
      const late = (error: Error) => {
        done(() => reject(error));
        request.destroy();
      };
      const answering = setTimeout(() => {
        // One that waits for room has not been sent, and says nothing of the other service.
        const isWaiting = connecting === undefined;
        late(isWaiting ? new Problem("busy", "Try again in a moment.", { retryAfter: 1 }) : new Error("no answer"));
      }, ANSWER_TIME);
      const done = (work: () => void) => {
        clearTimeout(connecting);
        clearTimeout(answering);
        work();
      };
      request.once("socket", (given) => {
        const socket = given as TLSSocket;
        connecting = setTimeout(() => late(new Error("another service cannot be reached")), CONNECT_TIME);
        const begin = () => {
          clearTimeout(connecting);
          connected.add(socket);
          if (!isOf(socket, this.#card)) return late(new Error("this is another service"));
          sent.isSent = true;
          request.end(bytes);
        };
        // One that was used before is connected already, whatever request it was made for.
        if (connected.has(socket)) begin();
        else socket.once("secureConnect", begin);
      });
      request.once("error", (error) => done(() => reject(error)));
      request.once("response", (response) => {
        const pieces: Buffer[] = [];
        let length = 0;
        response.on("data", (piece: Buffer) => {
          pieces.push(piece);
          length += piece.length;
          if (length > MAX_ANSWER) request.destroy(new Error("another service's answer is too long"));
        });
        response.once("error", (error) => done(() => reject(error)));
        response.once("end", () => done(() => resolve({ status: response.statusCode!, body: Buffer.concat(pieces) })));
      });
    });
  }
}

/** Connections that show this service's own certificate, for as long as they are used. */
function agentFor({ certificate }: Card, shown: Shown): Agent {
  return new Agent({
    ...shown,
    ...TLS,
    keepAlive: true,
    maxSockets: MOST_CONNECTIONS,
    // Each connection shows the certificate, which one that resumes a session does not.
    maxCachedSessions: 0,
    servername: nameOf(certificate),
    // TLS finds out whether it has the certificate's key; whose that is, `isOf` asks before anything is sent. No
    // authority vouches for it, but the card, which says for how long, too.
    rejectUnauthorized: false,
  });
}

/** Sockets whose handshake is done. */
const connected = new WeakSet<TLSSocket>();

/** Whether it is connected to the service with that very certificate. */
function isOf(socket: TLSSocket, { certificate }: Card): boolean {
  const { raw } = socket.getPeerCertificate();
  return raw !== undefined && hashOf(raw).equals(hashOf(certificate));
}
