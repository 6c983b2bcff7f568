// seal journal drop JOURNAL (--before-cursor FILE | --before T) --sign KEY

import { loadSuite } from "../../../crypto/index.js";
import { SealError } from "../../../errors.js";
import { openCursor } from "../../../io/journals/cursor-file.js";
import { openJournalFile } from "../../../io/journals/open.js";
import { type Limit, type Shortened, shorten } from "../../../journal/writing/shorten.js";
import { tellRevocation } from "../../../keys/contacts.js";
import { isoTime } from "../../../time.js";
import { type CommandDefinition, type Common, type Context, contactsOption } from "../../command.js";
import { loadContacts } from "../../options/contacts.js";
import { loadSigner } from "../../options/identities.js";
import { parseTime } from "../../options/values.js";
import { signOption } from "../../options/who.js";
import { escaped } from "../../say/escape.js";
import { notAJournal } from "./options.js";

interface Options extends Common {
  readonly beforeCursor?: string;
  readonly before?: string;
  readonly sign?: string;
  readonly contacts?: string;
}

export const dropCommand: CommandDefinition<Options> = {
  name: "drop",
  summary: "remove the oldest epochs of a journal",
  details: [
    "Removes whole epochs: with --before-cursor, those that a reader with that cursor has read to the end; with --before, those that had ended by then, by the writer's clock, up to the first that had not. The last epoch is never removed by its time. The journal then begins with a signed note of what is gone: readers can tell this from tampering, and cursors stay valid that are not before it.",
    "The whole journal is verified first. It is replaced in one step: after a crash, the old one is there or the new one. Until then, there must be room for both. A journal that a writer holds is refused.",
  ],
  examples: [
    [
      "seal journal drop events.journal --before-cursor server.cursor --sign master.key",
      "remove what the server has read, as its cursor says",
    ],
    ["seal journal drop events.journal --before 90d --sign master.key", "keep the last 90 days"],
  ],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal")
      .option("--before-cursor <FILE>", "what a reader with this cursor has read")
      .option("--before <T>", "what had ended by then: a time, a date, or an age (90d)")
      .addOption(signOption())
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async ([journal], options, context) => {
    const { beforeCursor, before } = options;
    if ((beforeCursor === undefined) === (before === undefined))
      throw new SealError("usage", "name one of --before-cursor and --before");
    const limit = await limitOf(options, context);
    const now = Date.now();
    const done = await dropped(journal!, { ...options, limit, now }, context).catch((thrown) => {
      const error = notAJournal(thrown);
      if (error instanceof SealError) error.input ??= journal!;
      throw error;
    });
    const facts = { input: journal!, ...done, removedAt: done.epochs > 0 ? isoTime(Math.floor(now / 1000)) : null };
    context.report.result(facts, told(journal!, done), "stdout");
  },
};

async function dropped(
  journal: string,
  { sign, contacts, limit, now }: Pick<Options, "sign" | "contacts"> & { readonly limit: Limit; readonly now: number },
  context: Context,
): Promise<Shortened> {
  const suite = await loadSuite();
  const signer = await loadSigner(suite, sign, context);
  const { signal, report } = context;
  const revoked = (await loadContacts(contacts, signal)).revocation(signer.publicKey);
  if (revoked) report.note(`warning: the key that signs was ${tellRevocation(revoked)}`);
  const store = await openJournalFile(journal, { signal, note: report.note, mustExist: true });
  return shorten(store, { suite, signer, limit, now, signal });
}

/** Throws `usage`, `io`. */
async function limitOf({ beforeCursor, before }: Options, { signal }: Context): Promise<Limit> {
  if (before !== undefined) return { before: Math.floor(parseTime(before, "--before", Date.now()) / 1000) };
  if (beforeCursor === "-") throw new SealError("usage", "--before-cursor takes the path of a file");
  const { cursor, close } = await openCursor(beforeCursor!, "reading", signal);
  await close();
  if (!cursor) throw new SealError("usage", `there is no cursor ${beforeCursor}`);
  return { cursor };
}

function told(journal: string, { epochs, frames, bytes, offset }: Shortened): string {
  const name = escaped(journal);
  if (epochs === 0) return `${name}: nothing was removed: no epoch ended before that`;
  const what = `${epochs} ${epochs === 1 ? "epoch" : "epochs"}, ${frames} ${frames === 1 ? "frame" : "frames"}`;
  return `${name}: ${what}, ${bytes} bytes removed; it now begins at byte ${offset}`;
}
