// The id under which a request stands in the log, here and at whoever passed it on.

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Nothing that would have to be escaped anywhere. */
const ID = /^[A-Za-z0-9._~+/=:@-]{1,128}$/;

/** The one that it brings, where that can be one; else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && ID.test(given) ? given : randomUUID();
}
