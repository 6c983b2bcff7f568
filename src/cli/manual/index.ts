// Where the build gets the manual pages.

import { COMMANDS, GROUPS, openCommand, sealCommand } from "../commands/index.js";
import { type Edition, openPage, sealPage } from "./page.js";

/** The pages, by the name of their file. */
export async function manualPages(edition: Edition): Promise<Readonly<Record<string, string>>> {
  const definitions = { seal: sealCommand, open: openCommand, commands: COMMANDS, groups: GROUPS };
  return { "seal.1": await sealPage(definitions, edition), "open.1": openPage(definitions, edition) };
}
