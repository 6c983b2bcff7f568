// host:NAME, whose keys ssh knows: from the files in which it keeps them.

import { join } from "node:path";
import type { Bytes } from "../../bytes.js";
import { loadSuite } from "../../crypto/index.js";
import { hostName, hostsOf, keysEver, noHostKeys, readKnownHosts, usableKeys } from "../../keys/ssh/known-hosts.js";
import { exists } from "./contacts.js";
import { homeDirectory, pathVariable } from "./places.js";
import { about, readText } from "./read.js";

const PREFIX = "host:";

export function isHost(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * The Ed25519 public keys of a host, those that are revoked left out, unless it is asked what it ever had. Throws
 * `usage` where there is none; `io` for a file that is there and cannot be read: it may revoke one.
 */
export async function keysOfHost(name: string, signal: AbortSignal, { ever = false } = {}): Promise<Bytes[]> {
  const host = hostName(name.slice(PREFIX.length));
  const found = noHostKeys();
  const suite = await loadSuite();
  await eachFile(signal, (text) => readKnownHosts(suite, text, host, found));
  return ever ? keysEver(found) : usableKeys(found);
}

/** The hosts that the files name in the clear. */
export async function knownHosts(signal: AbortSignal): Promise<string[]> {
  const hosts = new Set<string>();
  await eachFile(signal, async (text) => {
    for (const host of hostsOf(text)) hosts.add(host);
  });
  return [...hosts];
}

async function eachFile(signal: AbortSignal, work: (text: string) => Promise<void>): Promise<void> {
  for (const path of files()) {
    if (await exists(path, path)) await about(path, async () => work(await readText(path, signal)));
  }
}

/** Where ssh looks by itself: the user's, and the machine's. */
function files(): string[] {
  const home = homeDirectory();
  const system =
    process.platform === "win32" ? join(pathVariable("ProgramData") ?? "C:\\ProgramData", "ssh") : "/etc/ssh";
  const names = ["known_hosts", "known_hosts2"];
  return [
    ...(home === null ? [] : names.map((name) => join(home, ".ssh", name))),
    ...names.map((name) => join(system, `ssh_${name}`)),
  ];
}
