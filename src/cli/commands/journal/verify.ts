// seal journal verify JOURNAL|URL --from S

import { toHex } from "../../../bytes.js";
import { loadSuite } from "../../../crypto/index.js";
import { SealError } from "../../../errors.js";
import type { Policy } from "../../../header/policy.js";
import type { CursorFile } from "../../../io/journals/cursor-file.js";
import { notBegun } from "../../../journal/reading/deliver.js";
import { type VerifiedJournal, verifyJournal } from "../../../journal/reading/verify.js";
import { encodeSigner } from "../../../keys/text.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  contactsOption,
  headerOption,
  threadsOption,
} from "../../command.js";
import { engineFor } from "../../options/engine.js";
import { resolveHeaders } from "../../options/headers.js";
import { shownInput } from "../../options/outputs.js";
import { verifyingPolicy } from "../../options/policy.js";
import { demandedLabelOption, fromOption } from "../../options/who.js";
import { lines, signerOf } from "../../say/text.js";
import {
  checkSkipRemoved,
  cursorOption,
  notAJournal,
  openJournalOrUrl,
  removedFacts,
  skipRemovedOption,
  withCursor,
} from "./options.js";

interface Options extends Common {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly cursor?: string;
  readonly skipRemoved?: boolean;
  readonly header?: readonly string[];
  readonly contacts?: string;
  readonly threads?: number;
}

export const journalVerifyCommand: CommandDefinition<Options> = {
  name: "verify",
  summary: "verify a journal without any secret",
  examples: [
    ["seal journal verify events.journal --from master.pub", "check all of it"],
    [
      "seal journal verify events.journal --from master.pub --cursor verified.cursor",
      "check what is new, and that nothing is gone",
    ],
  ],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal; an http or https URL")
      .addOption(fromOption())
      .addOption(demandedLabelOption())
      .addOption(cursorOption())
      .addOption(skipRemovedOption())
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: () => false,

  run: async ([journal], options, context) => {
    checkSkipRemoved(options.skipRemoved, options.cursor);
    const { policy, contacts } = await verifyingPolicy(options, context);
    const headers = await resolveHeaders(options.header, [journal!], context.signal);
    const shown = shownInput(journal!);
    const verified = await withCursor(options.cursor, "verifying", context, (file) =>
      verifyOne(journal!, headers, { ...options, policy, file }, context),
    ).catch((thrown) => {
      const error = notAJournal(thrown);
      if (error instanceof SealError) error.input ??= shown;
      throw error;
    });
    const { cursor, core, base, epochs, frames, tail } = verified;
    const signer = encodeSigner(core!.signer!);
    const known = { signer, label: core!.label, digest: toHex(cursor!.chain) };
    const facts = { epochs, frames, records: null, tail, ...removedFacts(base), ...known };
    const shownSigner = signerOf(signer, contacts.owner(core!.signer!)?.name ?? null);
    const told = { ...facts, signer: shownSigner, tail: tail > 0 ? `${tail} bytes of an incomplete end` : null };
    context.report.result(facts, lines(`${shown}: verified`, told), "stdout");
  },
};

async function verifyOne(
  journal: string,
  headers: Parameters<typeof openJournalOrUrl>[1],
  {
    threads,
    policy,
    file,
    skipRemoved,
  }: Pick<Options, "threads" | "skipRemoved"> & { readonly policy: Policy; readonly file: CursorFile | null },
  context: Context,
): Promise<VerifiedJournal> {
  const suite = await loadSuite();
  const cursor = file?.cursor ?? null;
  const engine = engineFor(suite, cursor ? [] : [journal], threads);
  const settings = { suite, engine, policy, signal: context.signal };
  const source = await openJournalOrUrl(journal, headers, context);
  try {
    const verified = await verifyJournal(source, { ...settings, cursor, skipRemoved });
    if (!verified.cursor) throw notBegun(verified.tail);
    await file?.save(verified.cursor);
    return verified;
  } finally {
    await source.close();
  }
}
