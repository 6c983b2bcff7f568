// Identity files that options name.

import type { HeaderSigner, SigningKey, Suite } from "../../crypto/index.js";
import { erase, type Secret } from "../../crypto/secret.js";
import { ioError, SealError } from "../../errors.js";
import { stat } from "../../io/promises.js";
import {
  type AskPassphrase,
  type IdentityFile,
  type IdentityKeys,
  parseIdentityFile,
  readSigner,
  signingKeyOf,
} from "../../keys/identity.js";
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
  const file = path ?? (await defaultIdentity("--sign"));
  const { seed } = await fromIdentityFile("--sign", file, context, (text, ask) =>
    readSigner(suite, text, ask, context.signal),
  );
  try {
    return suite.signingKey(seed);
  } finally {
    erase(seed);
  }
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
  const identity = await fromIdentityFile(flag, path, context, (text, ask) =>
    parseIdentityFile(suite, text, ask, context.signal),
  );
  const name = nameOf(flag, path);
  return { ...identity, name, unlock: () => about(name, async () => checkedUse(flag, await identity.unlock())) };
}

/** What `parse` finds in an identity file, which is erased then. */
async function fromIdentityFile<T>(
  flag: string,
  path: string,
  { signal, report }: Context,
  parse: (file: Secret, ask: AskPassphrase) => Promise<T>,
): Promise<T> {
  if (isSecretWord(path)) {
    throw new SealError("usage", `${flag} takes the path of an identity file, not the secret itself`, {
      hint: COMPROMISED,
    });
  }
  return about(nameOf(flag, path), async () => {
    const file = await readSecret(path, signal);
    try {
      await warnIfOthersCanRead(path, report);
      return await parse(file, passphraseFor(path, signal));
    } finally {
      erase(file);
    }
  });
}

const nameOf = (flag: string, path: string) => `${flag} ${path}`;

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
