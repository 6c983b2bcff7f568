// seal inspect FILE

import { loadSuite, type Suite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { unarmored } from "../../files/armor.js";
import { type Inspected, inspectFile } from "../../files/inspect.js";
import type { Source } from "../../flow/io.js";
import type { Base } from "../../format/base.js";
import { type Core, coreKind, KIND_FILE, VERSION } from "../../format/core.js";
import type { Header } from "../../format/header.js";
import { stanzaName } from "../../header/stanzas.js";
import { type Begun, inspectJournal, parseBeginning } from "../../journal/reading/inspect.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import type { CommandDefinition } from "../command.js";
import { forEachInput } from "../each-input.js";
import { openInput } from "../options/outputs.js";
import type { Facts } from "../say/report.js";
import { lines } from "../say/text.js";
import { removedFacts } from "./journal/options.js";

export const inspectCommand: CommandDefinition = {
  name: "inspect",
  summary: "show what a sealed file or journal says about itself, verifying nothing",
  examples: [["seal inspect backup.tar.sealed", "show signer, label, time and sizes"]],

  define: (command) => {
    command.argument("<FILE>", "the sealed file or journal; - for standard input");
  },

  dataOnStdout: () => false,

  run: (files, _options, context) =>
    forEachInput(files, context, async (file) => {
      const input = await openInput(file);
      try {
        const source = await unarmored(input, context.signal);
        const suite = await loadSuite();
        const begun = await parseBeginning(source, suite, context.signal);
        const { header } = begun;
        if (source.isText && (!header || coreKind(header.core) !== KIND_FILE))
          throw new SealError("malformed", "a journal has no text form");
        const { shown, text } =
          header && coreKind(header.core) === KIND_FILE
            ? await inspectedFile(file, header, source, context.signal)
            : await inspectedJournal(file, begun, source, suite, context.signal);
        return () => context.report.result({ verified: false, ...shown }, text, "stdout");
      } finally {
        await input.close();
      }
    }),
};

interface Told {
  readonly shown: Facts;
  readonly text: string;
}

async function inspectedFile(file: string, header: Header, source: Source, signal: AbortSignal): Promise<Told> {
  const inspected = await inspectFile(header, source, signal);
  const shown = facts(inspected);
  return { shown, text: text(file, inspected, shown) };
}

async function inspectedJournal(
  file: string,
  begun: Begun,
  source: Source,
  suite: Suite,
  signal: AbortSignal,
): Promise<Told> {
  const { header, epochs, frames, bytes, tail, sealedBytes } = await inspectJournal(begun, source, suite, signal);
  const { base } = begun;
  const said = header ? headerFacts(header.core, typesOf(header)) : baseFacts(base!.base);
  const chunkSize = header && 2 ** header.core.chunkExponent;
  const removed = removedFacts(base?.base ?? null);
  const counts = { epochs, frames, bytes, tail, ...removed, sealedBytes };
  const shown = { kind: "journal", version: VERSION, chunkSize, ...counts, ...said };
  const heading = `${file}: journal, version ${VERSION} (nothing of this is verified)`;
  const told = lines(heading, {
    signer: said.signer,
    label: said.label,
    "begun at": said.sealedAt,
    removed: base && `what was before byte ${base.base.offset}, at ${removed.removedAt}`,
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
    stanzas: stanzaTypes.map((type) => ({ type: stanzaName(type) })),
  };
}

function typesOf({ stanzas }: Header): number[] {
  return stanzas.map(({ type }) => type);
}

/** What a journal says of which no whole epoch is left, but its base. */
function baseFacts({ signer, label }: Base) {
  return { signer: encodeSigner(signer), label, sealedAt: null, stanzas: [] };
}

/** How many stanzas there are of each type. */
function counted(stanzaTypes: readonly number[]): string {
  const counts = new Map<ReturnType<typeof stanzaName>, number>();
  for (const name of stanzaTypes.map(stanzaName)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} of type ${name}`).join(", ");
}

function text(file: string, { stanzaTypes }: Inspected, shown: ReturnType<typeof facts>): string {
  return lines(`${file}: sealed file, version ${shown.version} (nothing of this is verified)`, {
    signer: shown.signer ?? "none (unsigned)",
    label: shown.label,
    "sealed at": shown.sealedAt,
    recipients: counted(stanzaTypes),
    bytes: shown.bytes,
    chunks: `${shown.chunks} of up to ${shown.chunkSize} bytes`,
    "sealed bytes": shown.sealedBytes,
    "header bytes": shown.headerBytes,
  });
}
