// Bearer tokens. Only the hash of one is stored: it is found without comparing, and of no use to whoever reads the
// store, as a token has 256 random bits.

import { hash, randomBytes } from "node:crypto";
import { SealError } from "@sealed-files/seal";
import { Problem } from "../problem.js";
import { changeLedger, onlyOf } from "../retention/ledger.js";
import { checkName } from "./names.js";
import type { Place } from "./store.js";
import { parseSecrets } from "./webhook-secrets.js";

/** A producer sends records, a reader gets the journal; neither can do the other's. */
export type Role = "producer" | "reader";

/** Where a token is sent: in a header, or in the address, by senders that cannot set headers. */
export type Way = "header" | "url";

/** What a token allows, in one inbox. */
export interface Grant {
  /** The first digits of its hash. */
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly created: string;
  readonly way: Way;
  /** Where there are any, a body must be signed under one of them (`whsec_…`). */
  readonly secrets: readonly string[];
  /** The inbox was removed: the token allows nothing but to be told so. */
  readonly isGone: boolean;
}

export interface TokenOptions {
  readonly way?: Way;
  readonly secrets?: readonly string[];
}

type Tokens = Pick<Place, "name" | "tokens">;
type Readers = Pick<Place, "name" | "tokens" | "ledger">;

/** Makes secret scanners recognise it. */
const PREFIX = "seal-inbox-";
const ID_DIGITS = 12;
/** Tokens that are read together when they are listed. */
const AT_A_TIME = 32;

/** A token that goes into addresses, which others may log, is none in a header, and the reverse. */
export function hashToken(token: string, way: Way = "header"): string {
  return hash("sha256", way === "header" ? token : `${way} ${token}`, "hex");
}

/**
 * Makes a token and stores its hash; the token itself is nowhere but in the answer. What a former reader of that name
 * acknowledged is forgotten. Throws `usage`, `io`.
 */
export async function createToken(
  place: Readers,
  role: Role,
  name: string,
  { way = "header", secrets = [] }: TokenOptions = {},
): Promise<{ token: string; grant: Grant }> {
  checkName(`a ${role}`, name);
  const token = PREFIX + randomBytes(32).toString("base64url");
  const digest = hashToken(token, way);
  const created = new Date().toISOString();
  const grant = { id: digest.slice(0, ID_DIGITS), role, name, created, way, secrets, isGone: false };
  const { id: _, isGone: __, ...stored } = grant;
  if (role === "reader") await forgetFormer(place);
  await place.tokens.put(digest, `${JSON.stringify(stored)}\n`);
  return { token, grant };
}

/**
 * What the token with this hash allows; null where there is none, or no such inbox. `isStrange`: as `TokenStore` has
 * it. Throws `io`.
 */
export async function findGrant({ tokens }: Tokens, digest: string, isStrange = false): Promise<Grant | null> {
  const text = await tokens.get(digest, isStrange);
  return text === null ? null : parseGrant(digest, text);
}

/** All of an inbox, the oldest first. Throws `io`. */
export async function listGrants(place: Tokens): Promise<Grant[]> {
  const grants = (await textsOf(place)).map(([digest, text]) => parseGrant(digest, text));
  return grants.filter((grant) => grant !== null).sort((a, b) => (a.created < b.created ? -1 : 1));
}

/**
 * The names of all who have a reader's token. Throws `malformed` where a token is damaged, as nobody can tell whose it
 * is; `io`.
 */
export async function readersOf(place: Tokens): Promise<string[]> {
  const grants = (await textsOf(place)).map(([digest, text]) => {
    const grant = parseGrant(digest, text);
    if (grant) return grant;
    throw new SealError("malformed", `token ${digest.slice(0, ID_DIGITS)} of ${place.name} is damaged: whose is it?`);
  });
  return namesIn(grants);
}

/** What is stored of each token, with its hash. Throws `io`. */
async function textsOf({ tokens }: Tokens): Promise<[string, string][]> {
  const digests = await tokens.hashes();
  const found: [string, string][] = [];
  for (let done = 0; done < digests.length; done += AT_A_TIME) {
    const some = digests.slice(done, done + AT_A_TIME);
    const texts = await Promise.all(some.map((digest) => tokens.get(digest)));
    // One that is not there was revoked meanwhile.
    for (const [i, text] of texts.entries()) if (text !== null) found.push([some[i]!, text]);
  }
  return found;
}

/**
 * Revokes the token with this id, and forgets what readers acknowledged who have no token any more. Gives why, where
 * that cannot be done now: it counts for nothing, and is forgotten before a reader's next token is made, or when the
 * next token is revoked. Throws `usage` where there is no such token; `io`.
 */
export async function revokeToken(place: Readers, id: string): Promise<Error | null> {
  const { name, tokens } = place;
  const digest = (await tokens.hashes()).find((known) => known.slice(0, ID_DIGITS) === id);
  if (!digest) throw new SealError("usage", `inbox ${name} has no token with that id`);
  await tokens.remove(digest);
  return forgetFormer(place).then(
    () => null,
    (error) => {
      if (error instanceof SealError || error instanceof Problem) return error;
      throw error;
    },
  );
}

/** Forgets what was acknowledged by those who have no token any more. */
async function forgetFormer(place: Readers): Promise<void> {
  const names = namesIn(await listGrants(place));
  await changeLedger(place.ledger, (before) => onlyOf(before, names));
}

function namesIn(grants: readonly Grant[]): string[] {
  return [...new Set(grants.filter(({ role }) => role === "reader").map(({ name }) => name))];
}

/** From now on, all tokens of an inbox say that it is gone; secrets of webhooks are forgotten. Throws `io`. */
export async function endGrants({ tokens }: Tokens): Promise<void> {
  for (const digest of await tokens.hashes()) {
    const grant = await findGrant({ name: "", tokens }, digest);
    if (!grant || grant.isGone) continue;
    const { role, name, created, way } = grant;
    await tokens.replace(digest, `${JSON.stringify({ role, name, created, way, gone: true })}\n`);
  }
}

/** null for what is none: what is not as it was written allows nothing. */
function parseGrant(digest: string, text: string): Grant | null {
  try {
    const { role, name, created, way = "header", secrets = [], gone = false } = JSON.parse(text);
    if (role !== "producer" && role !== "reader") return null;
    if (way !== "header" && way !== "url") return null;
    const parsed = secrets.length === 0 ? [] : parseSecrets(secrets.join("\n"));
    const who = { id: digest.slice(0, ID_DIGITS), role, name: String(name), created: String(created) };
    return { ...who, way, secrets: parsed, isGone: gone === true };
  } catch {
    return null;
  }
}
