// seal-inbox init

import { type Command, DATABASE } from "../arguments.js";
import { initStore } from "./store.js";

export const init: Command = {
  name: "init",
  words: ["[DIR]"],
  summary: "Make a directory for inboxes, or the tables of a database.",
  flags: DATABASE,
  run: async (args, report) => {
    const { name, isNew } = await initStore(args);
    const facts = args.words.length > 0 ? { directory: name } : { store: name, isNew };
    report.result(facts, isNew ? `made ${name}` : `${name} is up to date`);
  },
};
