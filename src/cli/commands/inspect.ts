// seal inspect FILE

import { loadSuite, type Suite } from "../../crypto/index.js";
import { type Core, KIND_FILE, kindOf, VERSION } from "../../format/core.js";
import type { Header } from "../../format/header.js";
import { STANZA_X25519 } from "../../format/stanza.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime, parseHeader } from "../../ops/header.js";
import { type Inspected, inspectFile } from "../../ops/inspect.js";
import type { Source } from "../../ops/io.js";
import { type CommandDefinition, forEachInput } from "../command.js";
import { openInput } from "../outputs.js";
import type { Facts } from "../report.js";
import { lines } from "../text.js";

export const inspect: CommandDefinition = {
  name: "inspect",
  summary: "show what a sealed file or journal says of itself, verifying nothing",
  examples: [["seal inspect backup.tar.sealed", "show signer, label, time and sizes"]],

  define: (command) => {
    command.argument("<FILE>", "the sealed file or journal; - for standard input");
  },

  dataOnStdout: () => false,

  run: (files, _options, context) =>
    forEachInput(files, context, async (file) => {
      const source = await openInput(file);
      try {
        const suite = await loadSuite();
        const header = await parseHeader(source, suite, context.signal, "any");
        const work = kindOf(header.core) === KIND_FILE ? inspectedFile : inspectedJournal;
        const { shown, text } = await work(file, header, source, suite, context.signal);
        return () => context.report.result({ verified: false, ...shown }, text, "stdout");
      } finally {
        await source.close();
      }
    }),
};

interface Told {
  readonly shown: Facts;
  readonly text: string;
}

async function inspectedFile(
  file: string,
  header: Header,
  source: Source,
  _suite: Suite,
  signal: AbortSignal,
): Promise<Told> {
  const inspected = await inspectFile(header, source, signal);
  const shown = facts(inspected);
  return { shown, text: text(file, inspected, shown) };
}

async function inspectedJournal(
  file: string,
  header: Header,
  source: Source,
  suite: Suite,
  signal: AbortSignal,
): Promise<Told> {
  const { inspectJournal } = await import("../../journal/inspect.js");
  const { epochs, frames, bytes, tail, sealedBytes } = await inspectJournal(header, source, suite, signal);
  const said = headerFacts(
    header.core,
    header.stanzas.map(({ type }) => type),
  );
  const chunkSize = 2 ** header.core.chunkExponent;
  const shown = { kind: "journal", version: VERSION, chunkSize, epochs, frames, bytes, tail, sealedBytes, ...said };
  const heading = `${file}: journal, version ${VERSION} (nothing of this is verified)`;
  const told = lines(heading, {
    signer: said.signer,
    label: said.label,
    "begun at": said.sealedAt,
    epochs,
    frames,
    bytes,
    "sealed bytes": sealedBytes,
    tail: tail > 0 ? `${tail} bytes of an incomplete end` : null,
  });
  return { shown, text: told };
}

function facts({ core, stanzaTypes, ...sizes }: Inspected) {
  return { kind: "file", version: VERSION, ...sizes, ...headerFacts(core, stanzaTypes) };
}

function headerFacts(core: Core, stanzaTypes: readonly number[]) {
  return {
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
