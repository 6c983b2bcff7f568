// What the routes share: the inboxes, who may use them, limits and figures.

import type { FastifyRequest } from "fastify";
import type { Inboxes } from "../inboxes.js";
import type { KeyBudget } from "../keys/answers.js";
import { Problem, storageProblem } from "../problem.js";
import type { Directory } from "../store/directory.js";
import type { Role } from "../store/tokens.js";
import { Admission } from "./admission.js";
import { type Bearer, Bearers } from "./bearers.js";
import { Metrics } from "./metrics.js";

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
}

/** Milliseconds after a failure of the disk during which the service calls itself unfit, unless a write has worked since. */
const UNFIT = 10_000;

export class Service {
  readonly directory: Directory;
  readonly inboxes: Inboxes;
  readonly budget: KeyBudget;
  readonly options: ServiceOptions;
  readonly admission: Admission;
  readonly metrics = new Metrics();
  stopping = false;
  readonly #bearers: Bearers;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: Directory, inboxes: Inboxes, budget: KeyBudget, options: ServiceOptions) {
    this.directory = directory;
    this.inboxes = inboxes;
    this.budget = budget;
    this.options = options;
    this.admission = new Admission(options.maxHeld);
    this.#bearers = new Bearers(directory, options.rate);
  }

  /** Who sends the request, if that may be done with its token, now. Throws `Problem`. */
  async authorize(request: FastifyRequest<{ Params: { inbox: string } }>, role: Role): Promise<Bearer> {
    if (this.stopping) throw new Problem("stopping", "Another one may be there soon.", { retryAfter: 1 });
    const bearer = await this.#bearers.find(request.params.inbox, request.headers.authorization).catch((error) => {
      throw storageProblem(error);
    });
    if (!bearer) throw new Problem("unauthorized", "Send Authorization: Bearer with a token of this inbox.");
    if (bearer.grant.role !== role) throw new Problem("forbidden", `This takes the token of a ${role}.`);
    const wait = bearer.bucket.take(performance.now());
    if (wait > 0)
      throw new Problem("too-many-requests", `At most ${this.options.rate} a second.`, { retryAfter: wait });
    return bearer;
  }

  storageFailed(): void {
    this.metrics.storageFailed();
    this.#failedAt = performance.now();
  }

  storageWorked(): void {
    this.#failedAt = Number.NEGATIVE_INFINITY;
  }

  get isFit(): boolean {
    return performance.now() - this.#failedAt > UNFIT;
  }
}
