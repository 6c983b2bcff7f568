// Who has published a lock file: what it says of itself, and whether that one lives.

import { constants, fstatSync, openSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { fromUtf8, utf8 } from "../../bytes.js";
import { closeRead } from "../files.js";
import { bootId, isLocal, keepsNumbers } from "./kernel.js";
import { ask, type HolderAnswer } from "./socket.js";

const MAX_TEXT = 4096;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What a lock file says. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** The kernel under which it runs. */
  readonly boot: string | null;
  /** Whether no other kernel can have the file system, as its own kernel sees it. */
  readonly local: boolean;
  /** Whether it has a socket. */
  readonly socket: boolean;
  /**
   * The inode of the lock file itself: a copy of it has another. Null where the file system does not keep the numbers
   * of its files: there nothing follows from another one.
   */
  readonly inode: string | null;
  /** Counts up while it lives, where no kernel can be asked. */
  readonly beat: number;
}

/**
 * What is known of a lock file's process. `silent`: nothing, but that its beat can be watched. `copied`: the file is a
 * copy, and says nothing of this place.
 */
export type State = HolderAnswer | "copied";

export function ownHolder(directory: string, socket: boolean, inode: bigint): Holder {
  const since = new Date().toISOString();
  const own = { host: hostname(), pid: process.pid, since, boot: bootId(), local: isLocal(directory) };
  return { ...own, socket, inode: keepsNumbers(directory) ? String(inode) : null, beat: 0 };
}

/** Whether its kernel can be asked by all who may come: else it has to give signs of life itself. */
export function isSilent({ boot, local, socket }: Holder): boolean {
  return boot !== null && local && socket;
}

export function encodeHolder(holder: Holder): Uint8Array {
  return utf8(`${JSON.stringify(holder)}\n`);
}

export interface Seen {
  readonly text: string;
  /** Null where the file is not whole yet, or says something else. */
  readonly holder: Holder | null;
  readonly isCopy: boolean;
}

/** What is in a lock file now; null where there is none. Throws the system's error. */
export function readHolder(path: string): Seen | null {
  let fd: number | undefined;
  try {
    // Opened anew each time: on shared storage, only that shows what others have written.
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const bytes = new Uint8Array(MAX_TEXT);
    const text = fromUtf8(bytes.subarray(0, readSync(fd, bytes))) ?? "";
    const holder = parse(text);
    return { text, holder, isCopy: isCopy(path, fd, holder) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  } finally {
    if (fd !== undefined) closeRead(fd);
  }
}

/** Only where the numbers of files hold, for the one who has written it and for the one who looks. */
function isCopy(path: string, fd: number, holder: Holder | null): boolean {
  if (typeof holder?.inode !== "string" || !keepsNumbers(dirname(path))) return false;
  return holder.inode !== String(fstatSync(fd, { bigint: true }).ino);
}

function parse(text: string): Holder | null {
  try {
    const { host, pid, since, boot, local, socket, inode, beat } = JSON.parse(text);
    const isFit = [boot, inode].every((each) => typeof each === "string" || each === null);
    if (!isFit) return null;
    const flags = { local: local === true, socket: socket === true };
    return { host: String(host), pid: Number(pid), since: String(since), boot, inode, beat: Number(beat), ...flags };
  } catch {
    return null;
  }
}

/** Whether the process of a lock file lives, as far as a kernel can say. */
export async function stateOf(directory: string, id: string, { holder, isCopy }: Seen): Promise<State> {
  const own = bootId();
  // One that was killed before it had said anything had its socket already. Where no other kernel can be meant, that
  // tells.
  const canTell = holder ? own !== null && holder.boot === own && holder.socket : isLocal(directory);
  if (canTell) {
    const answer = await ask(directory, id);
    if (answer !== "unknown") return answer;
  }
  if (isCopy) return "copied";
  const wasHere = holder !== null && holder.boot !== null && holder.boot !== own && holder.local;
  // The file system is another kernel's no more: that one has ended, and all its processes.
  return own !== null && wasHere && isLocal(directory) ? "dead" : "unknown";
}
