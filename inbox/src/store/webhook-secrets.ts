// Secrets under which webhooks are signed, as Standard Webhooks writes them: whsec_ and base64.

import { SealError } from "@sealed-files/seal";

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
/** Bytes that one may have. */
const [LEAST, MOST] = [24, 64];
/** While a sender changes to a new one, there are two. */
const MAX_SECRETS = 4;

/** The secrets in a text, one a line. Throws `usage`. */
export function parseSecrets(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0 || lines.length > MAX_SECRETS) throw unfit(`there must be 1 to ${MAX_SECRETS}`);
  for (const line of lines) {
    const { length } = secretBytes(line);
    if (length < LEAST || length > MOST) throw unfit(`each is whsec_ and the base64 of ${LEAST} to ${MOST} bytes`);
  }
  return lines;
}

/** Empty for what is none. */
export function secretBytes(line: string): Buffer {
  return Buffer.from(SECRET.exec(line)?.[1] ?? "", "base64");
}

function unfit(why: string): SealError {
  return new SealError("usage", `these are no webhook secrets: ${why}`);
}
