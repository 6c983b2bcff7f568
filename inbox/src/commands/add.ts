// seal-inbox add

import { recipientCount } from "@sealed-files/seal/internal";
import { type Command, STORE } from "../arguments.js";
import { recipientsOf } from "./keys.js";
import { ONE_KEY } from "./recipients.js";
import { withStore } from "./store.js";

export const add: Command = {
  name: "add",
  words: ["INBOX"],
  summary: "Add an inbox for a user, of whom only public keys are needed.",
  flags: {
    to: { value: "R", repeats: true, help: "a recipient: seal1…, ssh-ed25519 …, or the path of a .pub file" },
    label: { value: "TEXT", help: "the label of its journal (default: the inbox's name)" },
    ...STORE,
  },
  run: (args, report) =>
    withStore(args, async (store) => {
      const name = args.words[0]!;
      const recipients = (await Promise.all(args.all("to").map((named) => recipientsOf(named)))).flat();
      const settings = await store.add(name, { label: args.one("label") ?? name, recipients });
      const { length } = settings.recipients;
      const text = `added inbox ${name} for ${recipientCount(length)}`;
      report.result({ inbox: name, ...settings, journal: store.place(name).journal }, text);
      if (length === 1) report.note(ONE_KEY);
    }),
};
