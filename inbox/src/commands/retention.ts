// seal-inbox retention, shorten

import { SealError } from "@sealed-files/seal";
import { type Arguments, type Command, durationOf, type Report, STORE } from "../arguments.js";
import { signerOf } from "../process-options.js";
import { changeLedger, parseLedger, placeIn, unmarked } from "../retention/ledger.js";
import { cutJournal, round } from "../retention/round.js";
import { heldBy } from "../retention/standing.js";
import type { InboxStore } from "../store/store.js";
import { readersOf } from "../store/tokens.js";
import { withStore } from "./store.js";

/** Milliseconds for which readers must have had what is removed, where nothing else is said: 30 days. */
const LEAST = 30 * 86_400_000;
const OLDER = {
  "older-than": {
    value: "TIME",
    help: "only what all readers have had for so long (default: 30d, or as its rule says)",
  },
};

export const retention: Command = {
  name: "retention",
  words: ["INBOX", "show|on|off"],
  summary: "Show or change whether a service removes what all readers have had.",
  flags: { ...OLDER, ...STORE },
  notes:
    "Whole epochs are removed, signed, when each reader that has a token has acknowledged them with its cursor, for as long as --older-than says. Whoever has a reader's token can acknowledge in its name: the time is there to notice that, and begins anew when another reader comes, or the rule is turned off. An inbox without readers keeps everything.",
  run: (args, report) =>
    withStore(args, async (store) => {
      const [inbox, what] = args.words as [string, string];
      if (!Object.hasOwn(ACTIONS, what)) throw new SealError("usage", "say show, on or off after the inbox");
      if (what !== "on" && args.has("older-than")) throw new SealError("usage", "--older-than is for on");
      await ACTIONS[what as keyof typeof ACTIONS](store, inbox, args, report);
    }),
};

type Action = (store: InboxStore, inbox: string, args: Arguments, report: Report) => Promise<void>;

const show: Action = async (store, inbox, _args, report) => {
  const { shortenAfter } = await store.settings(inbox);
  const place = store.place(inbox);
  const ledger = parseLedger(await place.ledger.get());
  const rule = shortenAfter === null ? "nothing is removed" : `removed after ${shortenAfter / 1000} s`;
  report.result({ inbox, shortenAfter }, `${inbox}\t${rule}`);
  for (const [reader, cursor] of await heldBy(place, await readersOf(place))) {
    const end = cursor === null ? null : placeIn(cursor).end;
    const nothing = ledger.readers.has(reader) ? "nothing of this journal" : "nothing yet";
    report.result({ inbox, reader, end }, `${reader}\t${end === null ? nothing : `up to byte ${end}`}`);
  }
};

/** What was noted while there was no rule is no reason to remove anything: the time begins anew. */
const on: Action = async (store, inbox, args, report) => {
  const least = durationOf(args, "older-than", LEAST);
  if ((await store.settings(inbox)).shortenAfter === null) await changeLedger(store.place(inbox).ledger, unmarked);
  await setRule(store, inbox, least);
  report.result({ inbox, shortenAfter: least }, `${inbox}: what all readers have had for long enough is removed`);
};

const off: Action = async (store, inbox, _args, report) => {
  await setRule(store, inbox, null);
  await changeLedger(store.place(inbox).ledger, unmarked);
  report.result({ inbox, shortenAfter: null }, `${inbox}: nothing is removed`);
};

async function setRule(store: InboxStore, inbox: string, shortenAfter: number | null): Promise<void> {
  await store.change(inbox, (before) => ({ ...before, shortenAfter }));
}

const ACTIONS = { show, on, off };

export const shorten: Command = {
  name: "shorten",
  words: ["INBOX"],
  summary: "Remove now what all readers have had for long enough.",
  flags: {
    sign: { value: "KEY", help: "the identity that signs the journals (a path); a .pub file of ssh asks the agent" },
    ...OLDER,
    ...STORE,
  },
  notes:
    "Removes whole epochs, signed. The time counts from when this command, or the service, first found that all readers had acknowledged them: so the first run removes nothing. An inbox that a service has open is that service's to shorten, by the rule of `retention`.",
  run: (args, report) =>
    withStore(args, async (store) => {
      const inbox = args.words[0]!;
      const { shortenAfter } = await store.settings(inbox);
      const sign = await signerOf(args.one("sign"));
      if (await store.leases?.isOthers(inbox)) throw inUse(inbox);
      const least = durationOf(args, "older-than", shortenAfter ?? LEAST);
      const cut = (cursor: string) => cutJournal(store.place(inbox), sign, cursor);
      const { bytes, silent, waiting } = await round(store, inbox, { least, cut });
      const why =
        silent.length > 0 ? `${silent.join(", ")} acknowledged nothing of it` : "nothing has been had for so long";
      report.result(
        { inbox, bytes, silent, waiting },
        bytes > 0 ? `${inbox}: ${bytes} bytes removed` : `${inbox}: nothing was removed: ${why}`,
      );
    }),
};

function inUse(inbox: string): SealError {
  return new SealError("io", `a service has ${inbox} open`, {
    hint: "Let it do that: retention INBOX on. Or stop it first.",
  });
}
