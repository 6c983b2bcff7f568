// How many files the process may have open, and what becomes of them: so that connections and inboxes leave each other,
// and everything else, some.

import { readFileSync } from "node:fs";

/** For the program itself, logs, tokens and directories. */
const RESERVE = 64;
/** An open inbox: its journal, its lock, its keys, and what is opened for a moment. */
const EACH_INBOX = 6;
/** A connection, and the journal that is read for it. */
const EACH_CONNECTION = 2;

export interface DescriptorShares {
  readonly inboxes: number;
  readonly connections: number;
}

/** Half of what there is for inboxes, half for connections. `limit`: of descriptors; null where none is known. */
export function shares(limit: number | null): DescriptorShares {
  if (limit === null) return { inboxes: Number.POSITIVE_INFINITY, connections: Number.POSITIVE_INFINITY };
  const half = Math.max(0, limit - RESERVE) / 2;
  return {
    inboxes: Math.max(1, Math.floor(half / EACH_INBOX)),
    connections: Math.max(1, Math.floor(half / EACH_CONNECTION)),
  };
}

/** The limit of this process; null where the system does not tell. */
export function descriptorLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
