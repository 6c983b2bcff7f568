// seal inspect FILE

import { loadSuite } from "../../crypto/index.js";
import { VERSION } from "../../format/core.js";
import { STANZA_X25519 } from "../../format/stanza.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../ops/header.js";
import { type Inspected, inspect as inspectSource } from "../../ops/inspect.js";
import { type CommandDefinition, forEachInput } from "../command.js";
import { openInput } from "../outputs.js";
import { lines } from "../text.js";

export const inspect: CommandDefinition = {
  name: "inspect",
  summary: "show what a sealed file says of itself, verifying nothing",
  examples: [["seal inspect backup.tar.sealed", "show signer, label, time and sizes"]],

  define: (command) => {
    command.argument("<FILE>", "the sealed file; - for standard input");
  },

  dataOnStdout: () => false,

  run: (files, _options, context) =>
    forEachInput(files, context, async (file) => {
      const source = await openInput(file);
      try {
        const inspected = await inspectSource(source, await loadSuite(), context.signal);
        const shown = facts(inspected);
        return () => context.report.result({ verified: false, ...shown }, text(file, inspected, shown), "stdout");
      } finally {
        await source.close();
      }
    }),
};

function facts({ core, stanzaTypes, ...sizes }: Inspected) {
  return {
    kind: "file",
    version: VERSION,
    ...sizes,
    signer: core.signer && encodeSigner(core.signer),
    label: core.label,
    sealedAt: isoTime(core.sealedAt),
    stanzas: stanzaTypes.map((type) =>
      type === STANZA_X25519 ? { type: "x25519" } : { type: "unknown", number: type },
    ),
  };
}

function text(file: string, { stanzaTypes }: Inspected, shown: ReturnType<typeof facts>): string {
  const known = stanzaTypes.filter((type) => type === STANZA_X25519).length;
  const unknown = stanzaTypes.length - known;
  return lines(`${file}: sealed file, version ${shown.version} (nothing of this is verified)`, {
    signer: shown.signer ?? "none (unsigned)",
    label: shown.label,
    "sealed at": shown.sealedAt,
    recipients: unknown === 0 ? known : `${known} of type x25519, ${unknown} of unknown types`,
    bytes: shown.bytes,
    chunks: `${shown.chunks} of up to ${shown.chunkSize} bytes`,
    "sealed bytes": shown.sealedBytes,
    "header bytes": shown.headerBytes,
  });
}
