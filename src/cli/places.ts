// Where configuration lives.

import { homedir } from "node:os";
import { join } from "node:path";

/** `$SEAL_HOME`, else `$XDG_CONFIG_HOME/seal`, else the platform's place. */
export function configDirectory(): string {
  const { SEAL_HOME, XDG_CONFIG_HOME, APPDATA } = process.env;
  if (SEAL_HOME) return SEAL_HOME;
  if (XDG_CONFIG_HOME) return join(XDG_CONFIG_HOME, "seal");
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "seal");
  if (process.platform === "win32" && APPDATA) return join(APPDATA, "seal");
  return join(homedir(), ".config", "seal");
}

/** The identity that signs and opens where none is named. */
export function defaultIdentityPath(): string {
  return join(configDirectory(), "identity.key");
}
