// Where configuration lives.

import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ioError } from "../errors.js";

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

/** The contacts that are used where `--contacts` names no others. */
export function defaultContactsPath(): string {
  return join(configDirectory(), "contacts");
}

/** Throws `io`. */
export async function makeConfigDirectory(): Promise<void> {
  try {
    await mkdir(configDirectory(), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(`cannot make ${configDirectory()}`, error);
  }
}
