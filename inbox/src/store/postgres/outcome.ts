// What the failure of a statement says of its effect.

import type { Outcome, SealError } from "@sealed-files/seal";
import { asIoError, ioError } from "@sealed-files/seal/internal";
import { DatabaseError } from "pg";
import { type Pool, type Session, Unconnected } from "./pool.js";

/**
 * After these it is not known whether the statement was done: it was interrupted, or the connection was, or the server
 * says so itself.
 */
const UNSURE = /^(08|57|58|XX|40003)/;

const DISK_FULL = "53100";

/** `io`, whatever it was: of the statement's values, messages hold nothing. */
export function asStoreError(what: string, error: unknown): SealError {
  if (error instanceof Unconnected) return error.error;
  if (!(error instanceof DatabaseError)) return asIoError(what, error);
  if (error.code === DISK_FULL) return ioError(what, Object.assign(new Error(error.code), { code: "ENOSPC" }));
  // Its own message may quote what was sent.
  return ioError(what, new Error(`the database answered ${error.code ?? "an error"}`));
}

/**
 * The outcome of one statement that is a transaction by itself, or of one that `work` sends. A server that has
 * committed and was kept from waiting for its standby says so with a warning: that is not what the operator has chosen
 * to call durable.
 */
export async function outcomeOf(
  pool: Pool,
  name: string,
  work: (session: Session) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await pool.use(async (session) => {
      const outcome = await work(session);
      if (outcome.is !== "done" || session.warnings === 0) return outcome;
      return { is: "unknown", error: ioError(`cannot write ${name}`, new Error("the database gave a warning")) };
    });
  } catch (error) {
    return failureOf(name, error);
  }
}

/** The outcome of a statement or a transaction that threw this. */
export function failureOf(name: string, error: unknown): Outcome {
  const known = asStoreError(`cannot write ${name}`, error);
  if (known.code === "fenced") return { is: "fenced", error: known };
  return { is: isSure(error) ? "failed" : "unknown", error: known };
}

/** Whether nothing was done, nor will be. */
function isSure(error: unknown): boolean {
  if (error instanceof Unconnected) return true;
  return error instanceof DatabaseError && error.severity === "ERROR" && !UNSURE.test(error.code ?? "XX");
}
