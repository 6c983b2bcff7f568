// Keys among the arguments.

import type { Bytes } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import { prefixed, SealError } from "../errors.js";
import { parsePublicKey } from "../keys/any.js";
import { keyText, type PublicKind } from "../keys/text.js";
import { type Check, callback, list, text } from "./arguments.js";
import { platform } from "./platform.js";

/** Texts of recipients, which `parseRecipients` makes keys of. */
export const recipients = list(text, "an array of recipients, seal1… or ssh-ed25519 …");

/** Recipients, or a function that is asked for them each time. */
export const recipientsEachTime: Check<readonly string[] | (() => Promise<readonly string[]>)> = (value, what) => {
  // A class is a function that cannot be called.
  if (typeof value !== "function" || /^class\b/.test(Function.prototype.toString.call(value)))
    return recipients(value, what);
  const ask = callback<() => unknown>(value, what);
  return async () => recipients(await ask(), givenBy(what));
};

/** What errors call that which a function gives. */
export function givenBy(what: string): string {
  return `what ${what} gives`;
}

/** The public keys of recipients. Throws `usage`, `unsupported`, naming the one at fault. */
export function parseRecipients(suite: Suite, texts: readonly string[], what: string): Promise<Bytes[]> {
  return parseEach(suite, texts, what, "recipient");
}

/** Texts of signers, which `parseSigners` makes keys of. */
export const signers = list(text, "an array of signers, sealsig1… or ssh-ed25519 …");

/** The signers to accept, or any. */
export const senders: Check<readonly string[] | "any"> = (value, what) =>
  value === "any" ? value : list(text, 'an array of signers, sealsig1… or ssh-ed25519 …, or "any"')(value, what);

/** The public keys of signers. Throws `usage`, which names the one at fault. */
export async function parseSigners(texts: readonly string[], what: string): Promise<Bytes[]> {
  return parseEach(await platform().suite(), texts, what, "signer");
}

function parseEach(suite: Suite, texts: readonly string[], what: string, kind: PublicKind): Promise<Bytes[]> {
  return Promise.all(
    texts.map(async (each, i) => {
      try {
        return await parsePublicKey(suite, keyText(each), kind);
      } catch (error) {
        throw about(`${what}[${i}]`, error);
      }
    }),
  );
}

function about(what: string, error: unknown): unknown {
  if (!(error instanceof SealError)) return error;
  return prefixed(what, error);
}
