// Bearer tokens. Each is a file whose name is the hash of the token: made and revoked without touching the others, found
// without comparing, and of no use to whoever reads the disk, as a token has 256 random bits.

import { hash, randomBytes } from "node:crypto";
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SealError } from "seal";
import type { Place } from "./directory.js";
import { codeOf, ioError, syncDirectory, writeNew } from "./files.js";
import { checkName } from "./names.js";

/** A producer sends records, a reader gets the journal; neither can do the other's. */
export type Role = "producer" | "reader";

/** What a token allows, in one inbox. */
export interface Grant {
  /** The first digits of its hash. */
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly created: string;
}

/** Makes secret scanners recognise it. */
const PREFIX = "seal-inbox-";
const ID_DIGITS = 12;

export function hashToken(token: string): string {
  return hash("sha256", token, "hex");
}

/** Makes a token and stores its hash; the token itself is nowhere but in the answer. Throws `usage`, `io`. */
export async function createToken(place: Place, role: Role, name: string): Promise<{ token: string; grant: Grant }> {
  checkName(`a ${role}`, name);
  const token = PREFIX + randomBytes(32).toString("base64url");
  const digest = hashToken(token);
  const grant = { id: digest.slice(0, ID_DIGITS), role, name, created: new Date().toISOString() };
  const { id: _, ...stored } = grant;
  try {
    await writeNew(join(place.tokens, digest), `${JSON.stringify(stored)}\n`);
  } catch (error) {
    throw ioError(`cannot write to ${place.tokens}`, error);
  }
  return { token, grant };
}

/** What the token with this hash allows; null where there is none, or no such inbox. Throws `io`. */
export async function findGrant(place: Place, digest: string): Promise<Grant | null> {
  let text: string;
  try {
    text = await readFile(join(place.tokens, digest), "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw ioError(`cannot read ${place.tokens}`, error);
  }
  return parseGrant(digest, text);
}

/** All of an inbox, the oldest first. Throws `io`. */
export async function listGrants(place: Place): Promise<Grant[]> {
  const digests = await digestsIn(place);
  const grants = await Promise.all(digests.map((digest) => findGrant(place, digest)));
  return grants.filter((grant) => grant !== null).sort((a, b) => (a.created < b.created ? -1 : 1));
}

/** Revokes the token with this id. Throws `usage` where there is none; `io`. */
export async function revokeToken(place: Place, id: string): Promise<void> {
  const digest = (await digestsIn(place)).find((name) => name.slice(0, ID_DIGITS) === id);
  if (!digest)
    throw new SealError("usage", `inbox ${place.name} has no token of that id`, { hint: "See seal-inbox token list." });
  try {
    await unlink(join(place.tokens, digest));
    await syncDirectory(place.tokens);
  } catch (error) {
    throw ioError(`cannot remove ${join(place.tokens, digest)}`, error);
  }
}

async function digestsIn(place: Place): Promise<string[]> {
  const names = await readdir(place.tokens).catch((error) => {
    throw ioError(`cannot read ${place.tokens}`, error);
  });
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** null for what is none: a file that is not as it was written allows nothing. */
function parseGrant(digest: string, text: string): Grant | null {
  try {
    const { role, name, created } = JSON.parse(text);
    if (role !== "producer" && role !== "reader") return null;
    return { id: digest.slice(0, ID_DIGITS), role, name: String(name), created: String(created) };
  } catch {
    return null;
  }
}
