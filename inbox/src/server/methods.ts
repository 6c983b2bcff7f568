// What is at an address, but not by that method (RFC 9110, 15.5.6).

import type { FastifyInstance, HTTPMethods } from "fastify";
import { Problem } from "../problem.js";

const ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const satisfies readonly HTTPMethods[];

/** To be called when all routes are there: every other method of their addresses is refused, whoever asks. */
export function refuseOtherMethods(app: FastifyInstance, urls: ReadonlySet<string>): void {
  for (const url of [...urls]) {
    const taken = ALL.filter((method) => app.hasRoute({ url, method }));
    const allow = taken.join(", ");
    app.route({
      url,
      method: ALL.filter((method) => !taken.includes(method)),
      schema: { hide: true },
      // Before a body is looked at.
      onRequest: async (_request, reply) => {
        reply.header("allow", allow);
        throw new Problem("method-not-allowed", `It takes ${allow}.`);
      },
      handler: () => undefined,
    });
  }
}
