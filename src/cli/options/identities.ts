// IdentityKeys files that options name.

import { stat } from "node:fs/promises";
import type { HeaderSigner, SigningKey, Suite } from "../../crypto/index.js";
import { erase } from "../../crypto/secret.js";
import { ioError, SealError } from "../../errors.js";
import { type IdentityFile, type IdentityKeys, parseIdentityFile, signingKeyOf } from "../../keys/identity.js";
import type { Context } from "../command.js";
import type { Report } from "../say/report.js";
import { agentSigner, isPublicSigner } from "./agent.js";
import { passphraseFor } from "./passphrases.js";
import { defaultIdentityPath } from "./places.js";
import { about, readSecret } from "./read.js";
import { COMPROMISED, isSecretWord } from "./secrets.js";

/** An identity file, and what errors call it. */
export interface NamedIdentity extends IdentityFile {
  readonly name: string;
}

/**
 * What the identity signs with that `--sign` names, or the default one; for a public key of ssh's, what asks the agent,
 * until another signal where one is given. Throws `usage`, also where it only opens; `io`, `no-key`.
 */
export async function loadSigner(
  suite: Suite,
  path: string | undefined,
  context: Context,
  signing?: AbortSignal,
): Promise<HeaderSigner> {
  if (path !== undefined && isPublicSigner(path)) return agentSigner(suite, path, context, signing);
  const [identity] = await loadIdentities(suite, "--sign", path === undefined ? [] : [path], context);
  return signerFor(identity!);
}

/** What an identity signs with. Throws as `loadSigner`. */
export async function signerFor({ name, unlock }: NamedIdentity): Promise<SigningKey> {
  const identity = await unlock();
  return about(name, async () => signingKeyOf(identity));
}

/** The identities that `--key` or `--sign` name, or the default one. Throws `usage`, `io`. */
export async function loadIdentities(
  suite: Suite,
  flag: string,
  paths: readonly string[],
  context: Context,
): Promise<NamedIdentity[]> {
  const identities: NamedIdentity[] = [];
  for (const path of paths.length > 0 ? paths : [await defaultIdentity(flag)]) {
    identities.push(await loadIdentity(suite, flag, path, context));
  }
  return identities;
}

async function loadIdentity(suite: Suite, flag: string, path: string, context: Context): Promise<NamedIdentity> {
  if (isSecretWord(path)) {
    throw new SealError("usage", `${flag} takes the path of an identity file, not the secret itself`, {
      hint: COMPROMISED,
    });
  }
  const name = `${flag} ${path}`;
  return about(name, async () => {
    const file = await readSecret(path, context.signal);
    try {
      const identity = await parseIdentityFile(suite, file, passphraseFor(path, context.signal), context.signal);
      await warnIfOthersCanRead(path, context.report);
      return { ...identity, name, unlock: () => about(name, async () => checkedUse(flag, await identity.unlock())) };
    } finally {
      erase(file);
    }
  });
}

/** Throws `usage` where an identity that is to open only signs. */
function checkedUse(flag: string, identity: IdentityKeys): IdentityKeys {
  if (flag !== "--key" || identity.openingKey) return identity;
  throw new SealError("usage", "this identity only signs: it opens nothing");
}

async function defaultIdentity(flag: string): Promise<string> {
  if (await hasDefaultIdentity()) return defaultIdentityPath();
  throw noIdentity(flag);
}

/** Throws `io`. */
export async function hasDefaultIdentity(): Promise<boolean> {
  const path = defaultIdentityPath();
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw ioError(`cannot read ${path}`, error);
  }
}

/** The error where an identity is needed, and none is given or made. */
export function noIdentity(flag: string): SealError {
  return new SealError("usage", `no ${flag} is given, and there is no default identity`, {
    hint: `Make one with "seal keygen" (it writes ${defaultIdentityPath()}), or name an identity file with ${flag}.`,
  });
}

async function warnIfOthersCanRead(path: string, report: Report): Promise<void> {
  if (path === "-" || process.platform === "win32") return;
  const { mode } = await stat(path).catch((error) => {
    throw ioError("cannot read it", error);
  });
  if (mode & 0o077) report.note(`warning: ${path} can be read by others on this machine: chmod 600 ${path}`);
}
