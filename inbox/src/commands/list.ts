// seal-inbox list

import { recipientCount } from "@sealed-files/seal/internal";
import { type Command, STORE } from "../arguments.js";
import type { Place } from "../store/store.js";
import { withStore } from "./store.js";

export const list: Command = {
  name: "list",
  words: [],
  summary: "List the inboxes.",
  flags: STORE,
  run: (args, report) =>
    withStore(args, async (store) => {
      for (const name of await store.list()) {
        const { label, recipients, created } = await store.settings(name);
        const bytes = await sizeOf(store.place(name));
        report.result(
          { inbox: name, label, recipients, created, bytes },
          [name, `${bytes} bytes`, recipientCount(recipients.length), `label ${label}`].join("\t"),
        );
      }
    }),
};

/** Bytes of the journal; 0 where it was not begun. */
async function sizeOf(place: Place): Promise<number> {
  const reading = await place.reading().catch(() => null);
  if (!reading) return 0;
  return reading.size().finally(() => reading.close());
}
