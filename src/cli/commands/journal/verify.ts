// seal journal verify JOURNAL|URL --from S

import { toHex } from "../../../bytes.js";
import { loadSuite } from "../../../crypto/index.js";
import { SealError } from "../../../errors.js";
import { saveCursor } from "../../../io/cursor-file.js";
import { notBegun } from "../../../journal/deliver.js";
import { type VerifiedJournal, verifyJournal } from "../../../journal/verify.js";
import { encodeSigner } from "../../../keys/text.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  collect,
  contactsOption,
  headerOption,
  threadsOption,
} from "../../command.js";
import { engineFor } from "../../engine.js";
import { resolveHeaders } from "../../headers.js";
import { shownInput } from "../../outputs.js";
import { verifyingPolicy } from "../../policy.js";
import { lines, signerOf } from "../../text.js";
import { cursorOption, notAJournal, openJournalOrUrl, startOf } from "./options.js";

interface Options extends Common {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly cursor?: string;
  readonly header?: readonly string[];
  readonly contacts?: string;
  readonly threads?: number;
}

export const verify: CommandDefinition<Options> = {
  name: "verify",
  summary: "verify a journal without any secret",
  examples: [
    ["seal journal verify events.journal --from master.pub", "check all of it"],
    ["seal journal verify events.journal --from master.pub --cursor c", "check what is new, and that nothing is gone"],
  ],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal; an http or https URL")
      .option(
        "--from <S>",
        "a sender to accept: sealsig1…, a .pub file, or a contact (repeatable; default: the contacts that are marked as senders)",
        collect,
      )
      .option("--label <TEXT>", "demand exactly this label")
      .addOption(cursorOption())
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: () => false,

  run: async ([journal], options, context) => {
    const { policy, contacts } = await verifyingPolicy(options, context);
    const headers = await resolveHeaders(options.header, [journal!], context.signal);
    const shown = shownInput(journal!);
    const verified = await verifyOne(journal!, headers, options, policy, context).catch((thrown) => {
      const error = notAJournal(thrown);
      if (error instanceof SealError) error.input ??= shown;
      throw error;
    });
    const { cursor, core, epochs, frames, tail } = verified;
    const signer = encodeSigner(core!.signer!);
    const facts = { epochs, frames, records: null, tail, signer, label: core!.label, digest: toHex(cursor!.chain) };
    const shownSigner = signerOf(signer, contacts.owner(core!.signer!)?.name ?? null);
    const told = { ...facts, signer: shownSigner, tail: tail > 0 ? `${tail} bytes of an incomplete end` : null };
    context.report.result(facts, lines(`${shown}: verified`, told), "stdout");
  },
};

async function verifyOne(
  journal: string,
  headers: Parameters<typeof openJournalOrUrl>[1],
  options: Options,
  policy: Awaited<ReturnType<typeof verifyingPolicy>>["policy"],
  context: Context,
): Promise<VerifiedJournal> {
  const suite = await loadSuite();
  const cursor = startOf(options.cursor, context);
  const engine = engineFor(suite, cursor ? [] : [journal], options.threads);
  const settings = { suite, engine, policy, signal: context.signal };
  const source = await openJournalOrUrl(journal, headers, context);
  try {
    const verified = await verifyJournal(source, { ...settings, cursor });
    if (!verified.cursor) throw notBegun(verified.tail);
    if (options.cursor !== undefined) await saveCursor(options.cursor, verified.cursor);
    return verified;
  } finally {
    await source.close();
  }
}
