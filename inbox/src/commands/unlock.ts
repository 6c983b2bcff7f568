// seal-inbox unlock

import { type Command, DIR, directoryOf } from "../arguments.js";
import { Directory } from "../store/directory/store.js";

export const unlock: Command = {
  name: "unlock",
  words: [],
  summary: "Break the lock of a service that is gone.",
  flags: DIR,
  notes:
    "Shows which process holds the directory, and breaks its lock if it has ended or, under another kernel, gives no sign of life for 15 seconds. A running service keeps it. A service does the same when it starts.",
  run: async (args, report) => {
    const directory = await Directory.open(directoryOf(args));
    const { path } = directory;
    const broken = await directory.breakLock(report.note);
    const lines = broken.map(({ holder, known }) => {
      const who = holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : "an unknown process";
      return `${path} was locked by ${who}, which ${known ? "has ended" : "gives no sign of life"}: unlocked`;
    });
    const holders = broken.map(({ holder, known }) => {
      const { host = null, pid = null, since = null } = holder ?? {};
      return { host, pid, since, known };
    });
    report.result({ directory: path, broken: broken.length > 0, holders }, lines.join("\n") || `${path} is not locked`);
  },
};
