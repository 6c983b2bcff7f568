// seal pub NAME.key

import { loadSuite } from "../../crypto/index.js";
import type { Identity } from "../../keys/identity.js";
import type { CommandDefinition } from "../command.js";
import { loadIdentities } from "../keys.js";

export const pub: CommandDefinition = {
  name: "pub",
  summary: "print the public keys of an identity",

  define: (command) => {
    command.argument("<NAME.key>", "the identity file; - for standard input");
  },

  dataOnStdout: () => false,

  run: async (files, _options, context) => {
    const [file] = await loadIdentities(await loadSuite(), "identity", files, context);
    const identity = await file!.unlock();
    const { recipient, signer } = identity;
    context.report.result({ output: null, ...publicKeys(identity) }, `${recipient}\n${signer}`, "stdout");
  },
};

export function publicKeys({ recipient, signer }: Identity): { recipient: string; signer: string } {
  return { recipient, signer };
}
