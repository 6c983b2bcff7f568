// What a thief of a process's memory finds in it: Linux shows it to whoever may debug the process, as a parent may its
// child.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PIECE = 16 * 1024 * 1024;

/**
 * How often `text` stands in the memory of a process, and how much memory that is in bytes; null where it cannot be
 * read.
 * @param {number} pid @param {string} text at most a few hundred bytes
 * @returns {{ found: number, bytes: number } | null}
 */
export function searchMemory(pid, text) {
  let memory;
  try {
    const mappings = readFileSync(`/proc/${pid}/maps`, "utf8").match(/^[0-9a-f]+-[0-9a-f]+ rw/gm) ?? [];
    memory = openSync(`/proc/${pid}/mem`, "r");
    const total = { found: 0, bytes: 0 };
    for (const mapping of mappings) searchMapping(memory, mapping, Buffer.from(text), total);
    return total;
  } catch {
    return null;
  } finally {
    if (memory !== undefined) closeSync(memory);
  }
}

function searchMapping(memory, mapping, wanted, total) {
  const [start, end] = mapping.split(/[- ]/).map((address) => Number.parseInt(address, 16));
  const piece = Buffer.alloc(Math.min(PIECE, end - start) + wanted.length);
  for (let at = start; at < end; at += PIECE) {
    const length = readPiece(memory, piece, Math.min(PIECE + wanted.length - 1, end - at), at);
    total.bytes += Math.min(PIECE, length);
    const bytes = piece.subarray(0, length);
    for (let i = bytes.indexOf(wanted); i >= 0; i = bytes.indexOf(wanted, i + 1)) total.found++;
  }
}

/** Pages that cannot be read hold nothing. */
function readPiece(memory, piece, length, at) {
  try {
    return readSync(memory, piece, 0, length, at);
  } catch (error) {
    if (error.code === "EIO" || error.code === "EFAULT") return 0;
    throw error;
  }
}
