// seal journal unlock JOURNAL

import { unlockJournalFile } from "../../../io/journals/open.js";
import { whoIs } from "../../../io/lock/others.js";
import type { CommandDefinition, Common } from "../../command.js";

export const unlockCommand: CommandDefinition<Common> = {
  name: "unlock",
  summary: "break the lock of a writer that is gone",
  details: [
    "Shows who holds a journal's lock, and breaks it if that process has ended or, under another kernel, gives no sign of life for 15 seconds. The lock of a running process is left alone. A writer does the same when it starts.",
  ],
  examples: [["seal journal unlock events.journal", "after its writer was lost with its machine"]],

  define: (command) => {
    command.argument("<JOURNAL>", "the journal");
  },

  dataOnStdout: () => false,

  run: async ([path], _options, { report, signal }) => {
    const broken = await unlockJournalFile(path!, { signal, note: report.note });
    const text = broken.map((lock) => `${path} was locked by ${whoIs(lock)}${endOf(lock.known)}: unlocked`);
    const holders = broken.map(({ holder, known }) => {
      const { host = null, pid = null, since = null } = holder ?? {};
      return { host, pid, since, known };
    });
    report.result(
      { input: path, broken: broken.length > 0, holders },
      text.join("\n") || `${path} is not locked`,
      "stdout",
    );
  },
};

function endOf(isKnown: boolean): string {
  return isKnown ? ", which has ended" : ", which gives no sign of life";
}
