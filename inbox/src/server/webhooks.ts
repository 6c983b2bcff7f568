// Signatures of webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body.

import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { untraced } from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";

/** Seconds by which a sender's clock may differ. */
const TOLERANCE = 300;
/** Signatures that are looked at: a sender that changes its secret sends two. */
const MAX_SIGNATURES = 16;
/** Without a dot: it parts what is signed. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/** What a webhook says of itself. */
export interface Webhook {
  readonly id: string;
  /** Unix time, as it came. */
  readonly timestamp: string;
  readonly signatures: readonly Buffer[];
}

/** What can be checked before the body is there. `now`: milliseconds. Throws `Problem`. */
export function webhookOf(headers: IncomingHttpHeaders, now: number): Webhook {
  const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`]);
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signature !== "string")
    throw bad("Send webhook-id, webhook-timestamp and webhook-signature.");
  if (!ID.test(id)) throw bad("webhook-id takes 1 to 256 visible ASCII characters other than a dot.");
  const isNow = /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) - now / 1000) <= TOLERANCE;
  if (!isNow) throw bad(`webhook-timestamp is not within ${TOLERANCE} seconds of the time here.`);
  const signatures = signature.split(" ").slice(0, MAX_SIGNATURES);
  return { id, timestamp, signatures: signatures.flatMap((one) => digestIn(one) ?? []) };
}

/** Throws `Problem` where no signature is one of these secrets. */
export function checkSignature(webhook: Webhook, secrets: readonly Uint8Array[], body: Buffer): void {
  const due = secrets.map((secret) => signatureOf(webhook, secret, body));
  // All are compared, whichever fits.
  const fits = due.flatMap((one) => webhook.signatures.map((other) => timingSafeEqual(one, other)));
  if (!fits.includes(true)) throw bad("No webhook-signature fits the body, the id and the time.");
}

/** 32 bytes. */
export function signatureOf({ id, timestamp }: Omit<Webhook, "signatures">, secret: Uint8Array, body: Buffer): Buffer {
  const mac = untraced(() => createHmac("sha256", secret));
  return mac.update(`${id}.${timestamp}.`).update(body).digest();
}

/** Of version 1; null for what is none. */
function digestIn(text: string): Buffer | null {
  const [, base64] = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  return base64 === undefined ? null : Buffer.from(base64, "base64");
}

function bad(detail: string): Problem {
  return new Problem("bad-signature", detail);
}
