// seal-inbox remove

import { SealError } from "@sealed-files/seal";
import { type Command, STORE } from "../arguments.js";
import { withStore } from "./store.js";

export const remove: Command = {
  name: "remove",
  words: ["INBOX"],
  summary: "Remove an inbox and its journal, for good.",
  flags: {
    "with-records": { help: "its records too, which nobody can fetch any more: without this, nothing is done" },
    ...STORE,
  },
  notes:
    "A running service need not be stopped. Whoever comes with a token of the inbox is told that it is gone (410). No other inbox gets its name. What was interrupted is done again.",
  run: (args, report) =>
    withStore(args, async (store) => {
      const inbox = args.words[0]!;
      if (!args.has("with-records")) {
        throw new SealError("usage", `this removes ${inbox} with all its records: say --with-records`, {
          hint: "Its readers may not have fetched everything: see retention INBOX show.",
        });
      }
      await store.remove(inbox);
      report.result({ inbox }, `removed ${inbox}`);
    }),
};
