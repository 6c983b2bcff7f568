// What those who run the service ask it: health and figures; and what clients ask: its description.

import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

/** Whether the service lives, and whether requests should be sent to it. */
export function healthRoutes(app: FastifyInstance, service: Service): void {
  const fit = async () => {
    if (service.isLeaving) throw new Problem("stopping", "It finishes what is under way.", { retryAfter: 1 });
    await service.fitness.check();
    const { failing } = service.fitness;
    return failing === 0 ? { status: "ok" } : { status: "degraded", failing };
  };
  app.get("/livez", { schema: schemas.alive }, async () => ({ status: "ok" }));
  app.get("/readyz", { schema: schemas.ready }, fit);
  app.get("/health", { schema: schemas.health }, fit);
}

export function metricsRoute(app: FastifyInstance, service: Service): void {
  app.get("/metrics", { schema: schemas.metrics }, async (_request, reply) => {
    const { open, queuedBytes } = service.inboxes.figures();
    const gauges = {
      heldBytes: service.admission.held,
      queuedBytes,
      openInboxes: open,
      failing: service.fitness.problems,
      idempotencyKeys: service.budget.used,
    };
    const text = service.metrics.text(gauges, service.lag.families());
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
  });
}

export function documentRoute(app: FastifyInstance): void {
  app.get("/openapi.json", { schema: schemas.document }, async () => app.swagger());
}
