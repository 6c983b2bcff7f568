// Files of host keys, as ssh has them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): which keys a host has.

import { type Bytes, equal, toHex, utf8 } from "../../bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import { ofLine, trimmed } from "../text.js";
import { isSshType, otherKind, SSH_ED25519 } from "./kinds.js";
import { matchesPatterns } from "./patterns.js";
import { checkedSshKey, sshKeyOf } from "./public.js";
import { sshBytes } from "./wire.js";

const SSH_PORT = 22;
/** [host], or what has no colon; a port may follow. */
const HOST = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/;
const NAME = /^[\w.:%][\w.:%-]*$/;
/** An address, with or without a zone; what has one colon is a host and a port. */
const IPV6 = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i;
const [REVOKED, AUTHORITY] = ["@revoked", "@cert-authority"];

/** What files say of a host, gathered file by file. */
export interface HostKeys {
  /** Ed25519 public keys by their bytes in hex, in the order in which they stand. */
  readonly keys: Map<string, Bytes>;
  /** The same, of those that are revoked. */
  readonly revoked: Map<string, Bytes>;
  /** What its other keys are. */
  readonly others: Set<string>;
  hasAuthority: boolean;
}

export function noHostKeys(): HostKeys {
  return { keys: new Map(), revoked: new Map(), others: new Set(), hasAuthority: false };
}

/**
 * The name under which a host stands in such files: `host`, or `[host]:port` where the port is not ssh's own. Of
 * `host`, `host:port`, `[host]:port`, or an IPv6 address. Throws `usage`.
 */
export function hostName(text: string): string {
  const parts = HOST.exec(text);
  const host = parts ? (parts[1] ?? parts[2]!) : text;
  const port = Number(parts?.[3] ?? SSH_PORT);
  if (!(parts ? NAME : IPV6).test(host) || port < 1 || port > 65_535) {
    throw new SealError("usage", "not a host's name", {
      hint: "Such as host:server.example.com, or host:server:2222.",
    });
  }
  const name = host.toLowerCase();
  return port === SSH_PORT ? name : `[${name}]:${port}`;
}

/**
 * Adds what a file says of a host. Lines of other hosts are passed over, whatever they are. Throws `usage`, naming the
 * line, where one of this host's cannot be understood: it could be the revocation that matters.
 */
export async function readKnownHosts(suite: Suite, text: string, name: string, found: HostKeys): Promise<void> {
  let index = 0;
  for (const raw of text.split("\n")) {
    try {
      await readLine(suite, trimmed(raw), name, found);
    } catch (error) {
      throw ofLine(index, error);
    }
    index++;
  }
}

async function readLine(suite: Suite, line: string, name: string, found: HostKeys): Promise<void> {
  if (line.startsWith("#")) return;
  const words = line.split(/[ \t]+/, 4);
  const marker = line.startsWith("@") ? words.shift()! : null;
  // Stryker disable next-line StringLiteral: another text would be no name of a host, and no type of a key, either.
  const [hosts = "", type = ""] = words;
  // What SSH 1 wrote: the key's size stands there.
  if (!isHostOf(suite, hosts, name) || /^\d+$/.test(type)) return;
  if (marker === AUTHORITY) {
    found.hasAuthority = true;
    return;
  }
  if (marker !== null && marker !== REVOKED) throw new SealError("usage", `the marker ${shown(marker)} is not known`);
  if (!isSshType(type)) throw new SealError("usage", "no key follows the host's name");
  const other = otherKind(type);
  if (other) {
    if (marker === null) found.others.add(other);
    return;
  }
  const key = sshKeyOf(type, words[2] ?? "");
  const known = marker === REVOKED ? found.revoked : found.keys;
  known.set(toHex(key), checkedSshKey(suite, key));
}

/** Patterns, or one name under a hash. */
function isHostOf(suite: Suite, hosts: string, name: string): boolean {
  if (!hosts.startsWith("|1|")) return matchesPatterns(name, hosts.toLowerCase());
  const parts = hosts.split("|").slice(2);
  const [salt, hash] = parts.map(sshBytes);
  if (!salt || !hash || parts.length > 2) return false;
  return equal(suite.hmacSha1(salt, utf8(name)), hash);
}

/**
 * The keys of a host that can be used. Throws `usage`: `host-unknown` where no file has it, `host-kind` where it has
 * none of this kind, naming those that it has.
 */
export function usableKeys({ keys, revoked, others, hasAuthority }: HostKeys): Bytes[] {
  const usable = [...keys].filter(([hex]) => !revoked.has(hex)).map(([, key]) => key);
  if (usable.length > 0) return usable;
  if (keys.size > 0)
    throw new SealError("usage", "the key of this host is revoked (@revoked)", { reason: "host-kind" });
  if (others.size > 0) {
    throw new SealError("usage", `of this host, no ${SSH_ED25519} key is known, but ${[...others].sort().join(", ")}`, {
      reason: "host-kind",
    });
  }
  if (hasAuthority) {
    const message = "this host is known by a certificate authority alone (@cert-authority), which is not its own key";
    throw new SealError("usage", message, { reason: "host-kind" });
  }
  throw new SealError("usage", "no key of this host is known", { reason: "host-unknown" });
}

/** All keys of a host that files know, revoked ones too. Throws as `usableKeys`, where there is none. */
export function keysEver(found: HostKeys): Bytes[] {
  return usableKeys({ ...found, keys: new Map([...found.keys, ...found.revoked]), revoked: new Map() });
}

/** The hosts that a file names in the clear, as `hostName` takes them. */
export function hostsOf(text: string): string[] {
  const names = text.split("\n").flatMap((raw) => {
    const line = trimmed(raw);
    if (/^[#@|]/.test(line)) return [];
    const [hosts] = line.split(/[ \t]/, 1);
    return hosts!.split(",").filter((name) => /^[\w.:%[\]-]+$/.test(name));
  });
  return names.map((name) => name.replace(/^\[([^\]:]+)\](:\d+)$/, "$1$2"));
}

function shown(marker: string): string {
  return /^@[\w-]{1,40}$/.test(marker) ? marker : "there";
}
