// Where a database is: a URL with one or more hosts, of which one can be written.

import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { SealError } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import type { ClientConfig } from "pg";
import pgpass from "pgpass";

const PARTS = /^(postgres(?:ql)?:\/\/)((?:[^@/?#]*)@)?([^@/?#]*)(\/[^@?#]*)?(\?[^#]*)?$/;
const PORT = 5432;
const KNOWN = new Set(["sslmode", "sslrootcert", "host"]);

export interface Address {
  /** Without user and password. */
  readonly name: string;
  /** One for each host. */
  readonly hosts: readonly ClientConfig[];
}

/** `isPublic`: others on the machine can read it, so it must not hold a password. Throws `usage`, `io`. */
export function parseAddress(location: string, isPublic: boolean): Address {
  const [, scheme, user = "", hosts = "", path = "", query = ""] = PARTS.exec(location) ?? [];
  if (scheme === undefined) throw malformed();
  const parsed = hosts.split(",").map((host) => urlOf(`${scheme}${user}${host || "localhost"}${path}${query}`));
  const [first] = parsed as [URL];
  if (isPublic && first.password !== "")
    throw new SealError("usage", "the database's address on the command line holds a password", {
      hint: "Anyone on this machine can read a command line. Use PGPASSFILE, PGPASSWORD, or SEAL_INBOX_STORE.",
    });
  const unknown = [...first.searchParams.keys()].find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new SealError("usage", `the database's address has an unknown part: ${unknown}`);
  const host = first.searchParams.get("host") ?? hosts;
  return { name: `postgres://${host}${path}`, hosts: parsed.map(configOf) };
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw malformed();
  return new URL(text);
}

function malformed(): SealError {
  return new SealError("usage", "the database's address is malformed", {
    hint: "It looks like postgres://USER@HOST/DATABASE, or has several hosts: HOST:PORT,HOST:PORT",
  });
}

function configOf(url: URL): ClientConfig {
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  const user = decodeURIComponent(url.username) || process.env.PGUSER;
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  if (!user) throw new SealError("usage", "the database's address names no user");
  const port = Number(url.port || PORT);
  const given = decodeURIComponent(url.password) || process.env.PGPASSWORD;
  const password = async () => given ?? (await fromFile({ host, port, user, database }));
  return { host, port, user, database: database!, password: password as () => Promise<string>, ssl: tlsOf(url, host) };
}

type Where = { host: string; port: number; user: string; database: string | undefined };

/** What PGPASSFILE says, or ~/.pgpass. */
function fromFile(where: Where): Promise<string | undefined> {
  return new Promise((resolve) => pgpass(where, resolve));
}

/** Without a word about it, only what stays on this machine is not encrypted. Throws `usage`, `io`. */
function tlsOf({ searchParams }: URL, host: string): ConnectionOptions | false {
  const isLocal = host.startsWith("/") || /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
  const mode = searchParams.get("sslmode") ?? (isLocal ? "disable" : "verify-full");
  if (mode === "disable") return false;
  if (mode !== "verify-full") throw new SealError("usage", "sslmode is disable or verify-full");
  const root = searchParams.get("sslrootcert");
  // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED does not count.
  return { rejectUnauthorized: true, ...(root !== null && { ca: certificateIn(root) }) };
}

function certificateIn(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw ioError(`cannot read ${path}`, error);
  }
}
