// seal-inbox init

import type { Command } from "../arguments.js";
import { initDirectory } from "../store/directory.js";

export const init: Command = {
  name: "init",
  words: ["DIR"],
  summary: "Make a directory for inboxes.",
  flags: {},
  run: async ({ words }, report) => {
    const path = words[0]!;
    await initDirectory(path);
    report.result({ directory: path }, `made ${path}`);
  },
};
