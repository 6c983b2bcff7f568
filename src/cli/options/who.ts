// The options that say who: recipients, signers, senders, identities; and the label. Their texts stand here once, for
// all commands.

import { Option } from "commander";
import { collect } from "../command.js";

const RECIPIENT = "seal1…, ssh-ed25519 …, a .pub file, a contact, a @group, or host:NAME from known_hosts";
const DEFAULT_IDENTITY = "default: identity.key in the configuration directory";

export function toOption(who = "a recipient"): Option {
  return new Option("--to <R>", `${who}: ${RECIPIENT} (repeatable)`).argParser(collect);
}

export function signOption(does = "to sign with"): Option {
  return new Option(
    "--sign <KEY>",
    `identity file ${does}, or private key of ssh; a .pub file of ssh asks the agent (${DEFAULT_IDENTITY})`,
  );
}

export function keyOption(does = "to open with"): Option {
  return new Option(
    "--key <KEY>",
    `identity file ${does}, or private key of ssh (repeatable; ${DEFAULT_IDENTITY})`,
  ).argParser(collect);
}

/** Of what opens, for which an identity may accept senders too, and anybody may be accepted. */
export function fromOrAnyOption(): Option {
  const others = "the identity's accept lines, and contacts marked as senders";
  const text = `a sender to accept: sealsig1…, ssh-ed25519 …, a .pub or allowed_signers file, a contact, or any (repeatable; default: ${others})`;
  return new Option("--from <S>", text).argParser(collect);
}

export function fromOption(): Option {
  const text =
    "a sender to accept: sealsig1…, ssh-ed25519 …, a .pub or allowed_signers file, or a contact (repeatable; default: contacts marked as senders)";
  return new Option("--from <S>", text).argParser(collect);
}

/** Of what is sealed. */
export function labelOption(use: string): Option {
  return new Option("--label <TEXT>", `a public, signed label${use}`);
}

/** Of what is opened or verified. */
export function demandedLabelOption(): Option {
  return new Option("--label <TEXT>", "require exactly this label");
}

export function maxAgeOption(): Option {
  return new Option("--max-age <AGE>", "refuse anything sealed earlier than this: 90s, 15m, 12h, 30d");
}

export function forceOption(): Option {
  return new Option("--force", "replace an existing output");
}
