// seal-inbox recipients

import { SealError } from "@sealed-files/seal";
import { recipientCount } from "@sealed-files/seal/internal";
import { type Arguments, type Command, type Report, STORE } from "../arguments.js";
import type { Settings } from "../store/settings.js";
import type { InboxStore } from "../store/store.js";
import { recipientsOf } from "./keys.js";
import { withStore } from "./store.js";

/** What to tell whoever has an inbox that one key alone opens. */
export const ONE_KEY =
  "one key alone opens this inbox: add a recovery key that is kept elsewhere, with recipients INBOX add --to recovery.pub";

export const recipients: Command = {
  name: "recipients",
  words: ["INBOX", "list|add|remove"],
  summary: "Show or change for whom an inbox is sealed from now on.",
  flags: {
    to: { value: "R", repeats: true, help: "whom to add or remove: seal1…, ssh-ed25519 …, or the path of a .pub file" },
    ...STORE,
  },
  notes:
    "A running service notices within 5 seconds, and begins a new epoch. Who is added opens what comes from then on, not what came before; who is removed opens nothing that comes, and still opens what came before.",
  run: (args, report) =>
    withStore(args, async (store) => {
      const [inbox, what] = args.words as [string, string];
      if (!Object.hasOwn(ACTIONS, what)) throw new SealError("usage", "say list, add or remove after the inbox");
      await ACTIONS[what as keyof typeof ACTIONS](store, inbox, args, report);
    }),
};

type Action = (store: InboxStore, inbox: string, args: Arguments, report: Report) => Promise<void>;

const list: Action = async (store, inbox, args, report) => {
  if (args.has("to")) throw new SealError("usage", "list takes no --to");
  const { recipients } = await store.settings(inbox);
  for (const recipient of recipients) report.result({ inbox, recipient }, recipient);
};

const add: Action = (store, inbox, args, report) =>
  change({ store, inbox, args, report, ever: false }, "added", (named, { recipients }) => [...recipients, ...named]);

const remove: Action = (store, inbox, args, report) =>
  change({ store, inbox, args, report, ever: true }, "removed", (named, { recipients }) => {
    const unknown = named.find((each) => !recipients.includes(each));
    if (unknown !== undefined) throw new SealError("usage", `${unknown} is no recipient of ${inbox}`);
    return recipients.filter((each) => !named.includes(each));
  });

const ACTIONS = { list, add, remove };

interface Asked {
  readonly store: InboxStore;
  readonly inbox: string;
  readonly args: Arguments;
  readonly report: Report;
  /** Whether keys count that are not of use any more. */
  readonly ever: boolean;
}

async function change(
  { store, inbox, args, report, ever }: Asked,
  done: string,
  work: (named: readonly string[], settings: Settings) => string[],
): Promise<void> {
  if (!args.has("to")) throw new SealError("usage", "--to is missing");
  const named = (await Promise.all(args.all("to").map((each) => recipientsOf(each, { ever })))).flat();
  const { recipients } = await store.change(inbox, (settings) => ({
    ...settings,
    recipients: work(named, settings),
  }));
  report.result(
    { inbox, recipients },
    `${done}: ${inbox} is sealed for ${recipientCount(recipients.length)} from its next epoch on`,
  );
  if (recipients.length === 1) report.note(ONE_KEY);
}
