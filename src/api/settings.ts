// The options of each operation: what is given, checked, and what the operation makes of it.

import { erase, type Secret } from "../crypto/secret.js";
import { SealError } from "../errors.js";
import type * as opening from "../files/open.js";
import type { Range } from "../files/range.js";
import type * as rewrapping from "../files/rewrap.js";
import type * as sealing from "../files/seal.js";
import type * as verifying from "../files/verify.js";
import type { Progress } from "../flow/io.js";
import { bare } from "../given.js";
import {
  abortSignal,
  type Check,
  type Checks,
  callback,
  flag,
  number,
  OPTIONS,
  optional,
  type Settings,
  settings,
  text,
  whole,
} from "./arguments.js";
import { chunkExponent } from "./chunk-size.js";
import { fileOf, givenPassphrase, identities } from "./identity.js";
import { parseRecipients, parseSigners, recipients, senders, signers } from "./keys.js";
import { platform } from "./platform.js";
import { headerSigner, signer } from "./signer.js";

const RUNNING = { progress: optional(callback<Progress>), signal: optional(abortSignal) };
const DEMANDS = { label: optional(text), maxAge: optional(number(0, "a number of seconds, at least 0")) };

const RANGE = { first: whole(0), last: whole(0) };
const range: Check<Range> = (value, what) => settings(value, what, RANGE);

const SEAL = {
  ...RUNNING,
  to: recipients,
  armor: optional(flag),
  sign: optional(signer),
  unsigned: optional(flag),
  label: optional(text),
  chunkSize: optional(chunkExponent),
  // Last: of what is refused for something else, no copy of it is made.
  passphrase: optional(givenPassphrase),
};
const REWRAP = { ...RUNNING, keys: identities, sign: signer, to: recipients };
const OPEN = {
  ...RUNNING,
  ...DEMANDS,
  keys: identities,
  from: optional(senders),
  allowUnsigned: optional(flag),
  range: optional(range),
  resume: optional(flag),
  passphrase: optional(givenPassphrase),
};
const VERIFY = { ...RUNNING, ...DEMANDS, from: signers };
const INSPECT = { signal: optional(abortSignal) };

type Given<C extends Checks> = (options: unknown) => Settings<C>;

function given<C extends Checks>(checks: C): Given<C> {
  return (options) => settings(options, OPTIONS, checks);
}

export const rewrapGiven = given(REWRAP);
export const verifyGiven = given(VERIFY);
export const inspectGiven = given(INSPECT);

export function sealGiven(options: unknown): Settings<typeof SEAL> {
  const checked = settings(options, OPTIONS, SEAL);
  if ((checked.sign !== undefined) !== (checked.unsigned === true)) return checked;
  throw refusing(checked, "give either sign, or unsigned: true");
}

export function openGiven(options: unknown): Settings<typeof OPEN> {
  const checked = settings(options, OPTIONS, OPEN);
  const { allowUnsigned, from, label, maxAge } = checked;
  if (allowUnsigned && (from !== undefined || label !== undefined || maxAge !== undefined)) {
    throw refusing(checked, "allowUnsigned excludes from, label and maxAge");
  }
  return checked;
}

/** The error for options that do not go together, of which nothing is kept. */
function refusing({ passphrase }: { readonly passphrase: Secret | undefined }, message: string): SealError {
  if (passphrase) erase(passphrase);
  return new SealError("usage", message);
}

export async function sealSettings(checked: ReturnType<typeof sealGiven>): Promise<sealing.Sealing> {
  const { to, passphrase, sign, label = "", chunkSize, progress, signal } = checked;
  const suite = await platform().suite();
  return bare({
    suite,
    engine: await platform().engine(),
    recipients: await parseRecipients(suite, to, "to"),
    passphrase,
    signer: sign ? await headerSigner(sign) : null,
    label,
    chunkExponent: chunkSize,
    now: Date.now(),
    progress,
    signal,
  });
}

export async function rewrapSettings(checked: ReturnType<typeof rewrapGiven>): Promise<rewrapping.Rewrapping> {
  const { keys, sign, to, progress, signal } = checked;
  const suite = await platform().suite();
  return bare({
    suite,
    engine: await platform().engine(),
    identities: keys.map(fileOf),
    signer: await headerSigner(sign),
    recipients: await parseRecipients(suite, to, "to"),
    progress,
    signal,
  });
}

export async function openSettings(checked: ReturnType<typeof openGiven>): Promise<opening.Opening> {
  const { keys, passphrase, from, label, maxAge, allowUnsigned = false, range, progress, signal } = checked;
  return bare({
    suite: await platform().suite(),
    engine: await platform().engine(),
    identities: keys.map(fileOf),
    from: await acceptedOf(from),
    policy: { allowUnsigned, label, maxAge },
    passphrase: passphrase && (async () => passphrase),
    range,
    progress,
    signal,
  });
}

export async function verifySettings(checked: ReturnType<typeof verifyGiven>): Promise<verifying.Verifying> {
  const { from, label, maxAge, progress, signal } = checked;
  const policy = { from: await parseSigners(from, "from"), allowUnsigned: false, label, maxAge };
  const suite = await platform().suite();
  return bare({ suite, engine: await platform().engine(), policy, progress, signal });
}

/** The signers that are accepted; null for those that each identity accepts. */
export async function acceptedOf(from: readonly string[] | "any" | undefined) {
  return from === undefined || from === "any" ? (from ?? null) : parseSigners(from, "from");
}
