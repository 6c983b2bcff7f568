// What the routes share: the inboxes, who may use them, limits and figures.

import type { FastifyRequest } from "fastify";
import type { KeyBudget } from "../idempotency/answers.js";
import type { Inboxes } from "../inboxes.js";
import type { Peers } from "../peers/peers.js";
import { gone, Problem, storageProblem } from "../problem.js";
import type { InboxStore } from "../store/store.js";
import type { Role, Way } from "../store/tokens.js";
import { Admission } from "./admission.js";
import { type Bearer, Bearers, bearerToken } from "./bearers.js";
import { Fitness } from "./fitness.js";
import { LoopLag } from "./loop-lag.js";
import type { Metrics } from "./metrics.js";
import { News } from "./news.js";
import { Scrubber } from "./scrub.js";
import type { Taken } from "./taking.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who sends it; set before the handler runs where the route asks for one. */
    bearer: Bearer;
  }
}

export interface ServiceOptions {
  /** Bytes of a body. */
  readonly maxBody: number;
  /** Bytes of all requests that are in memory at a time. */
  readonly maxHeld: number;
  /** Requests a second, of each token. */
  readonly rate: number;
  /** Headers of requests that are sealed in front of their records, in lower case. */
  readonly keptHeaders?: readonly string[];
  /** Origins whose pages may use the service. */
  readonly origins?: readonly string[];
  /** Milliseconds after which inboxes that failed are tried again. */
  readonly retry?: number;
}

export class Service {
  readonly store: InboxStore;
  readonly inboxes: Inboxes;
  readonly budget: KeyBudget;
  readonly options: ServiceOptions;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly lag = new LoopLag();
  readonly scrubber = new Scrubber();
  readonly fitness: Fitness;
  readonly news = new News();
  /** The other services on the same database; null where this one knows of none. */
  peers: Pick<Peers, "forward"> | null = null;
  #isLeaving = false;
  #stopping = false;
  readonly #bearers: Bearers;

  constructor(store: InboxStore, inboxes: Inboxes, budget: KeyBudget, metrics: Metrics, options: ServiceOptions) {
    this.store = store;
    this.inboxes = inboxes;
    this.budget = budget;
    this.options = options;
    this.metrics = metrics;
    this.admission = new Admission(options.maxHeld);
    this.fitness = new Fitness(store, inboxes, options.retry);
    this.#bearers = new Bearers(store, options.rate);
  }

  /** Requests are served still, but should be sent elsewhere, and none waits. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  leave(): void {
    this.#isLeaving = true;
    this.news.tellAll();
  }

  /** No request is begun any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  stop(): void {
    this.leave();
    this.#stopping = true;
  }

  /** Ends what it does of its own accord. */
  close(): void {
    this.fitness.stop();
    this.lag.stop();
  }

  /** Who sends the request, if that may be done with the token in its header, now. Throws `Problem`. */
  async authorize(request: FastifyRequest<{ Params: { inbox: string } }>, role: Role): Promise<Bearer> {
    const { authorization } = request.headers;
    const bearer = await this.#find(request.params.inbox, bearerToken(authorization), "header");
    if (!bearer) {
      this.metrics.notLetIn(authorization === undefined ? "missing" : "unknown");
      throw new Problem("unauthorized", "Send Authorization: Bearer with a token of this inbox.");
    }
    return this.#admit(bearer, role);
  }

  /** The producer whose token stands in the address. Throws `Problem`. */
  async authorizeHook({ inbox, token }: { inbox: string; token: string }): Promise<Bearer> {
    const bearer = await this.#find(inbox, token, "url");
    if (!bearer) {
      this.metrics.notLetIn("unknown");
      throw new Problem("unauthorized", "The address holds no token of this inbox.");
    }
    return this.#admit(bearer, "producer");
  }

  /** Throws `Problem`. */
  async #find(inbox: string, token: string | null, way: Way): Promise<Bearer | null> {
    if (this.stopping) throw new Problem("stopping", "Another one may be there soon.", { retryAfter: 1 });
    return this.#bearers.find(inbox, token, way).catch((error) => {
      const problem = storageProblem(error);
      // The inbox that a stranger names may be none.
      if (this.#counted(problem)) this.fitness.storeFailed();
      throw problem;
    });
  }

  /** Throws `Problem`. */
  #admit(bearer: Bearer, role: Role): Bearer {
    if (bearer.grant.isGone) throw gone();
    if (bearer.grant.role !== role) {
      this.metrics.notLetIn("role");
      throw new Problem("forbidden", `This needs a ${role}'s token.`);
    }
    const wait = bearer.bucket.take(performance.now());
    if (wait > 0)
      throw new Problem("too-many-requests", `At most ${this.options.rate} a second.`, { retryAfter: wait });
    return bearer;
  }

  /** Records were taken in here. */
  took(inbox: string, { count, replayed }: Taken, bytes: number, seconds: number): void {
    this.fitness.worked(inbox);
    this.news.tell(inbox);
    if (replayed) this.metrics.replayed();
    else this.metrics.appended(count, bytes, seconds);
  }

  /** What a failure of an inbox means for a request; it is counted where it is one of the storage. */
  failed(inbox: string, error: unknown): Problem {
    const problem = storageProblem(error);
    if (this.#counted(problem)) this.fitness.failed(inbox, problem.problem);
    return problem;
  }

  /** Whether it is one of the storage. */
  #counted(problem: Problem): boolean {
    const isOfStorage = problem.cause !== undefined;
    if (isOfStorage) this.metrics.storageFailed(problem.problem);
    return isOfStorage;
  }
}
