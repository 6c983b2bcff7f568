// seal pub NAME.key

import { loadSuite } from "../../crypto/index.js";
import { fingerprint } from "../../keys/fingerprint.js";
import type { Identity } from "../../keys/identity.js";
import type { CommandDefinition, Common } from "../command.js";
import { loadIdentities } from "../identities.js";

interface Options extends Common {
  readonly fingerprint?: true;
}

export const pub: CommandDefinition<Options> = {
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
    if (!options.fingerprint) return context.report.result(facts, `${recipient}\n${signer}`, "stdout");
    const prints = {
      recipientFingerprint: fingerprint(suite, recipient),
      signerFingerprint: fingerprint(suite, signer),
    };
    const text = `recipient ${prints.recipientFingerprint}\nsigner    ${prints.signerFingerprint}`;
    context.report.result({ ...facts, ...prints }, text, "stdout");
  },
};

export function publicKeys({ recipient, signer }: Identity): { recipient: string; signer: string } {
  return { recipient, signer };
}
