// Where the build gets the manual pages.

import { COMMANDS, open, seal } from "../commands/index.js";
import { type Edition, openPage, sealPage } from "./page.js";

/** The pages, by the name of their file. */
export function manualPages(edition: Edition): Readonly<Record<string, string>> {
  const definitions = { seal, open, commands: COMMANDS };
  return { "seal.1": sealPage(definitions, edition), "open.1": openPage(definitions, edition) };
}
