// The store that a command line names: a directory, or a database.

import { SealError } from "@sealed-files/seal";
import { type Arguments, directoryOf } from "../arguments.js";
import { Directory, initDirectory } from "../store/directory/store.js";
import type { PoolOptions } from "../store/postgres/pool.js";
import type { InboxStore } from "../store/store.js";

const POSTGRES = /^postgres(?:ql)?:\/\//;

/** Throws `usage` where there is none; `io`. */
export async function openStore(args: Arguments): Promise<InboxStore> {
  const database = databaseOf(args);
  if (!database) return Directory.open(directoryOf(args));
  // Whoever has a directory needs no driver of a database.
  const { PostgresStore, parseAddress } = await import("../store/postgres/store.js");
  return PostgresStore.open(parseAddress(database.location, database.isPublic), poolOptions(args));
}

/** Does `work` with the store that the command line names, and closes it. Throws as `openStore`; what `work` throws. */
export async function withStore(args: Arguments, work: (store: InboxStore) => Promise<void>): Promise<void> {
  const store = await openStore(args);
  await work(store).finally(() => store.close());
}

/** Makes the directory that the first word names, or the tables of a database: what was done. Throws `usage`, `io`. */
export async function initStore(args: Arguments): Promise<{ name: string; isNew: boolean }> {
  const [path] = args.words;
  const database = path === undefined ? databaseOf(args) : null;
  if (path !== undefined && args.has("store")) throw new SealError("usage", "name either a directory or --store");
  if (path === undefined && !database) throw new SealError("usage", "name the directory, or a database with --store");
  if (!database) {
    await initDirectory(path!);
    return { name: path!, isNew: true };
  }
  const { initPostgres, parseAddress } = await import("../store/postgres/store.js");
  const address = parseAddress(database.location, database.isPublic);
  return { name: address.name, isNew: await initPostgres(address, poolOptions(args)) };
}

function poolOptions(args: Arguments): PoolOptions {
  return { allowUnsafe: args.has("unsafe-store") };
}

/** `isPublic`: everybody on the machine can read it. null where a directory is meant. Throws `usage`. */
function databaseOf(args: Arguments): { location: string; isPublic: boolean } | null {
  const [given, variable] = [args.one("store"), process.env.SEAL_INBOX_STORE];
  if (given !== undefined && args.has("dir")) throw new SealError("usage", "--dir and --store exclude each other");
  const location = given ?? (args.has("dir") ? undefined : variable);
  if (location === undefined) return null;
  if (POSTGRES.test(location)) return { location, isPublic: given !== undefined };
  throw new SealError("usage", "a store is named by postgres://…", { hint: "Name a directory with --dir." });
}
