// seal pub NAME.key

import { loadSuite } from "../../crypto/index.js";
import { fingerprint } from "../../keys/fingerprint.js";
import type { IdentityKeys } from "../../keys/identity.js";
import type { CommandDefinition, Common } from "../command.js";
import { loadIdentities } from "../options/identities.js";

interface Options extends Common {
  readonly fingerprint?: true;
}

export const pubCommand: CommandDefinition<Options> = {
  name: "pub",
  summary: "print the public keys of an identity",
  examples: [["seal pub server.key --fingerprint", "show what to compare over the telephone"]],

  define: (command) => {
    command.argument("<NAME.key>", "the identity file; - for standard input");
    command.option("--fingerprint", "print what to compare over the telephone: 30 digits for each of the two");
  },

  dataOnStdout: () => false,

  run: async (files, options, context) => {
    const suite = await loadSuite();
    const [file] = await loadIdentities(suite, "identity", files, context);
    const identity = await file!.unlock();
    const { recipient, signer } = identity;
    const facts = { output: null, ...publicKeys(identity) };
    if (!options.fingerprint) return context.report.result(facts, textOf(identity), "stdout");
    const prints = {
      recipientFingerprint: recipient && fingerprint(suite, recipient),
      signerFingerprint: signer && fingerprint(suite, signer),
    };
    const lines = [
      recipient && `recipient ${prints.recipientFingerprint}`,
      signer && `signer    ${prints.signerFingerprint}`,
    ];
    context.report.result({ ...facts, ...prints }, lines.filter(Boolean).join("\n"), "stdout");
  },
};

type PublicKeys = Pick<IdentityKeys, "recipient" | "signer">;

/** The public keys of an identity, null for one that it has not. */
export function publicKeys({ recipient, signer }: PublicKeys): PublicKeys {
  return { recipient, signer };
}

/** A line for each of them. */
export function textOf({ recipient, signer }: PublicKeys): string {
  return [recipient, signer].filter((key) => key !== null).join("\n");
}
