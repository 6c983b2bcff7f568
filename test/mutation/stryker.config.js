// Mutation testing: `npm run mutation` (docs/TESTING.md).

import { mutate } from "./parts.js";

export default {
  mutate,
  testRunner: "loaded",
  plugins: ["./test/mutation/messages.js", "./test/mutation/runner.js"],
  // An emptied message is still an error, of the same code and at the same place: such mutants tell nothing of the
  // tests.
  ignorers: ["messages"],
  coverageAnalysis: "perTest",
  concurrency: 1,
  // Endless loops are found by their count; a machine that is busy with something else should not look like one.
  timeoutMS: 60_000,
  // The same for the first run of all tests.
  dryRunTimeoutMinutes: 30,
  ignorePatterns: [
    "/.ci",
    "/bench",
    "/dist",
    "/docs",
    "/examples",
    "/fuzz",
    "/inbox",
    "/scripts",
    "/tsconfig.json",
    "/web",
  ],
  tempDirName: "coverage/mutation/sandbox",
  reporters: ["progress-append-only", "clear-text", "html", "json"],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: "coverage/mutation/report.html" },
  jsonReporter: { fileName: "coverage/mutation/report.json" },
};
