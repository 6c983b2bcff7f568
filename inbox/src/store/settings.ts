// What an inbox is. Nothing of it is secret.

import { SealError, sealBytes } from "@sealed-files/seal";
import { NO_RULES, parseRules, type Rules } from "../quotas/limits.js";
import { checkName } from "./names.js";

const MAX_RECIPIENTS = 4096;

export interface Settings {
  /** The label that its journal has. */
  readonly label: string;
  /** `seal1…`, `ssh-ed25519 …`: for whom its journal is sealed. */
  readonly recipients: readonly string[];
  readonly created: string;
  /**
   * Milliseconds for which all readers must have had an epoch before it is removed by rule; null where none is.
   */
  readonly shortenAfter: number | null;
  /** How much it takes. */
  readonly quotas: Rules;
}

/** What an inbox is added with. */
export type Given = Pick<Settings, "label" | "recipients">;

/** The settings of a new inbox. Throws `usage` where nothing could be sealed with them. */
export async function newSettings(name: string, { label, recipients }: Given): Promise<Settings> {
  checkName("an inbox", name);
  await checkSealing(label, recipients);
  return {
    label,
    recipients: [...new Set(recipients)],
    created: new Date().toISOString(),
    shortenAfter: null,
    quotas: NO_RULES,
  };
}

/** What `work` makes of settings. Throws `usage` where nothing could be sealed with them; what `work` throws. */
export async function changedSettings(before: Settings, work: (settings: Settings) => Settings): Promise<Settings> {
  const { recipients, ...others } = work(before);
  await checkSealing(before.label, recipients);
  return { ...others, label: before.label, recipients: [...new Set(recipients)] };
}

/** What was stored of an inbox; null for what is no description of one. */
export function parseSettings(stored: Readonly<Record<string, unknown>>): Settings | null {
  const { label, recipients, created, shortenAfter = null, quotas = {} } = stored;
  const rules = parseRules(quotas);
  if (typeof label !== "string" || !Array.isArray(recipients) || !rules) return null;
  if (shortenAfter !== null && !(Number.isSafeInteger(shortenAfter) && Number(shortenAfter) > 0)) return null;
  return { label, recipients, created: String(created), shortenAfter: shortenAfter as number | null, quotas: rules };
}

/** There is no inbox of that name, or none any more. */
export class NoInbox extends SealError {
  constructor(name: string) {
    super("usage", `there is no inbox ${name}`);
  }
}

export function noInbox(name: string): SealError {
  return new NoInbox(name);
}

export function inboxExists(name: string): SealError {
  return new SealError("usage", `there is already an inbox ${name}`);
}

/**
 * Seals nothing for them: what is wrong with a key or the label shows now, not when the first record comes. Throws
 * `usage`.
 */
async function checkSealing(label: string, recipients: readonly string[]): Promise<void> {
  if (recipients.length === 0)
    throw new SealError("usage", "an inbox needs a recipient", { hint: "Nobody could open what comes without one." });
  if (recipients.length > MAX_RECIPIENTS) throw new SealError("usage", `more than ${MAX_RECIPIENTS} recipients`);
  await sealBytes(new Uint8Array(), { to: recipients, unsigned: true, label });
}
