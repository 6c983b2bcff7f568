// What those who run the service ask it: health, figures, its description.

import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

export function statusRoutes(app: FastifyInstance, service: Service): void {
  app.get("/health", { schema: schemas.health }, async () => {
    if (service.stopping) throw new Problem("stopping", "It finishes what is under way.", { retryAfter: 1 });
    if (!service.isFit) throw new Problem("storage", "A write to the disk has just failed.", { retryAfter: 1 });
    return { status: "ok" };
  });

  app.get("/metrics", { schema: schemas.metrics }, async (_request, reply) => {
    const { open, queuedBytes } = service.inboxes.figures();
    const gauges = {
      heldBytes: service.admission.held,
      queuedBytes,
      openInboxes: open,
      idempotencyKeys: service.budget.used,
    };
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(service.metrics.text(gauges));
  });

  app.get("/openapi.json", { schema: schemas.document }, async () => app.swagger());
}
