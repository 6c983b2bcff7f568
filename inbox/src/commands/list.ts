// seal-inbox list

import { stat } from "node:fs/promises";
import { type Command, DIR, directoryOf } from "../arguments.js";
import { Directory } from "../store/directory.js";

export const list: Command = {
  name: "list",
  words: [],
  summary: "List the inboxes.",
  flags: DIR,
  run: async (args, report) => {
    const directory = await Directory.open(directoryOf(args));
    for (const name of await directory.list()) {
      const { label, recipients, created } = await directory.settings(name);
      const bytes = (await stat(directory.place(name).journal).catch(() => null))?.size ?? 0;
      report.result(
        { inbox: name, label, recipients, created, bytes },
        [name, `${bytes} bytes`, `${recipients.length} recipients`, `label ${label}`].join("\t"),
      );
    }
  },
};
