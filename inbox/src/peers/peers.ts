// Services on one database: each passes on what comes for an inbox that another one has open, which seals it. What goes
// from one to the other is encrypted, and each knows by the other's card who it is.

import { once } from "node:events";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Identity, Signer } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";
import type { Service } from "../server/service.js";
import type { Taken } from "../server/taking.js";
import type { Leases } from "../store/store.js";
import { type Card, type CardChecker, cardChecker } from "./card.js";
import { hashOf } from "./certificate.js";
import { Channels } from "./channel.js";
import { Link } from "./link.js";
import { makeListener } from "./listener.js";
import type { Forwarded } from "./message.js";
import { OwnCard } from "./own.js";

/** Milliseconds for which it is remembered who has an inbox open, and for which nobody is asked who gave no answer. */
const REMEMBERED = 1000;
const AVOIDED = 15_000;
/** Milliseconds for what is under way when it ends. */
const CLOSE_TIME = 5000;
/** Milliseconds after which the others are told again that this one is there. */
const RENEWAL = 5000;

interface Owner {
  readonly card: Card | null;
  readonly looked: number;
}

export interface PeersOptions {
  readonly sign: Identity | Signer;
  /** Where to listen, as others reach it. */
  readonly host: string;
  readonly port: number;
  readonly note: (what: string, error: unknown) => void;
}

export class Peers {
  readonly #leases: Leases;
  readonly #server: Server;
  readonly #own: OwnCard;
  readonly #endOf: CardChecker;
  readonly #timer: NodeJS.Timeout;
  readonly #note: PeersOptions["note"];
  readonly #owners = new Map<string, Owner>();
  /** Until when a service is not asked again, by its address. */
  readonly #avoided = new Map<string, number>();
  /** By the hash of the certificate. */
  readonly #links = new Map<string, Link>();
  #renewing: Promise<void> | null = null;
  #telling: Promise<void> | null = null;
  #turn: Promise<void> = Promise.resolve();

  private constructor(leases: Leases, server: Server, { own, endOf }: Made, note: PeersOptions["note"]) {
    this.#leases = leases;
    this.#server = server;
    this.#own = own;
    this.#endOf = endOf;
    this.#note = note;
    this.#timer = setInterval(() => this.#publish(), RENEWAL).unref();
  }

  /** Throws `io`; what the signer throws. */
  static async open(service: Service, leases: Leases, { sign, host, port, note }: PeersOptions): Promise<Peers> {
    const endOf = await cardChecker(sign);
    let own: OwnCard | null = null;
    const contextOf = (name: string) => own?.contextOf(name);
    const channels = await Channels.open();
    const server = makeListener({ service, leases, contextOf, endOf, channels, note });
    server.listen(port, host);
    await once(server, "listening").catch((error) => {
      throw ioError(`cannot listen on ${host}:${port}`, error);
    });
    const address = `${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
    own = await OwnCard.make(sign, address);
    await leases.publish(own.card);
    return new Peers(leases, server, { own, endOf }, note);
  }

  readonly #unknown = (error: unknown) => this.#note("others may not know of this service", error);

  get address(): string {
    return this.#own.card.address;
  }

  /** Tells the others that this one is there, and makes another card where that is due. */
  #publish(): void {
    // An agent may take its time to sign: meanwhile, the others are to know of this one.
    if (this.#own.isDue)
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = null;
      });
    this.#telling ??= this.#inTurn(() => this.#leases.publish(this.#own.card))
      .catch(this.#unknown)
      .finally(() => {
        this.#telling = null;
      });
  }

  /** What is published is published one behind the other: an older card must not replace a newer one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What is under way goes on over the connections that there are, which end when they are idle. Never rejects. */
  async #renew(): Promise<void> {
    try {
      const next = await this.#own.next();
      await this.#inTurn(async () => {
        await this.#leases.publish(next.card);
        this.#own.use(next);
      });
      for (const link of this.#links.values()) link.retire();
      this.#links.clear();
    } catch (error) {
      this.#note("there is no new card for other services yet", error);
    }
  }

  /**
   * Passes a request on to the service that has its inbox open; null where none has, or it is gone, or gave no answer
   * to a request that can be repeated: then it is for this service to do. Throws `Problem`, where that is the answer,
   * or it is not known whether it was done; `io`.
   */
  async forward(forwarded: Forwarded): Promise<Taken | null> {
    const card = await this.#ownerOf(forwarded.inbox);
    if (!card) return null;
    const sent = { isSent: false };
    try {
      return await this.#linkTo(card).send(forwarded, sent);
    } catch (error) {
      if (error instanceof Problem) throw error;
      this.#avoid(card, forwarded.inbox);
      // With a key, what was done already is known as such by who takes the inbox over.
      if (!sent.isSent || forwarded.key !== null) return null;
      throw new Problem("storage", "It is not known whether the record was stored.", { retryAfter: 1, cause: error });
    }
  }

  /** Done when what others have sent is answered. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const link of this.#links.values()) link.close();
    // Where the database is gone, the others find out by themselves.
    await this.#leases.withdraw().catch(this.#unknown);
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_TIME);
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeIdleConnections();
    });
    clearTimeout(timer);
  }

  async #ownerOf(inbox: string): Promise<Card | null> {
    const now = performance.now();
    const known = this.#owners.get(inbox);
    const owner = known && now - known.looked < REMEMBERED ? known : { card: await this.#look(inbox), looked: now };
    this.#owners.delete(inbox);
    this.#owners.set(inbox, owner);
    if (this.#owners.size > 10_000) this.#owners.delete(this.#owners.keys().next().value!);
    const isAvoided = owner.card && (this.#avoided.get(owner.card.address) ?? 0) > now;
    return isAvoided ? null : owner.card;
  }

  async #look(inbox: string): Promise<Card | null> {
    const card = await this.#leases.ownerOf(inbox);
    return card && this.#endOf(card) !== null ? card : null;
  }

  /** Who gave no answer is not asked for a while: its inboxes are taken over. */
  #avoid({ address }: Card, inbox: string): void {
    const now = performance.now();
    for (const [other, until] of this.#avoided) if (until < now) this.#avoided.delete(other);
    this.#avoided.set(address, now + AVOIDED);
    this.#owners.delete(inbox);
  }

  #linkTo(card: Card): Link {
    const hash = hashOf(card.certificate).toString("hex");
    const link = this.#links.get(hash) ?? new Link(card, this.#own.shown);
    this.#links.set(hash, link);
    return link;
  }
}

interface Made {
  readonly own: OwnCard;
  readonly endOf: CardChecker;
}
