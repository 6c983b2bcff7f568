// Addresses that are neither http nor https.

import { existsSync } from "node:fs";
import { SealError } from "../../errors.js";
import { isUrl } from "./url.js";

/**
 * An address of another kind is no name of a file: who gives one is told, unless there is a file of that name. Throws
 * `usage`.
 */
export function refuseScheme(text: string): void {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (!scheme || isUrl(text) || existsSync(text)) return;
  const isFile = scheme.toLowerCase() === "file";
  throw new SealError("usage", `${scheme}:// is not supported: addresses are http or https`, {
    hint: isFile ? "Give the path of the file." : "Fetch it with another program, and give the file, or pipe it in.",
  });
}
