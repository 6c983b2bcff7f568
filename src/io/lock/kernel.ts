// Whether two processes have one kernel, which alone can say whether the other one lives: whatever the container, its
// host name or its process numbers.

import { readFileSync, statfsSync } from "node:fs";
import { childProcess } from "../lazy.js";

/**
 * File systems that one kernel has at a time: ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS, bcachefs, ramfs, FAT, exFAT,
 * NTFS.
 */
const LOCAL = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x858458f6, 0x4d44,
  0x2011bab0, 0x7366746e,
]);

let known: string | null | undefined;

/** What names the kernel that runs now, from its start to its end; null where the system does not tell. */
export function bootId(): string | null {
  if (known === undefined) known = readBootId();
  return known;
}

function readBootId(): string | null {
  try {
    const text =
      process.platform === "darwin"
        ? childProcess().execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
            encoding: "utf8",
            stdio: "pipe",
          })
        : readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return /^[0-9a-f-]{36}$/i.test(text.trim()) ? text.trim().toLowerCase() : null;
  } catch {
    // Then nobody is taken for dead before its lock has been silent.
    return null;
  }
}

/** Of these, those that make up the numbers of files anew, while somebody uses them: FAT, exFAT, NTFS. */
const NUMBERED_ANEW = new Set([0x4d44, 0x2011bab0, 0x7366746e]);

/** Whether what lies in a directory is out of reach of any other kernel that is running. */
export function isLocal(directory: string): boolean {
  return LOCAL.has(typeOf(directory));
}

/** Whether a file in a directory has the same number for all who look, as long as it is there. */
export function keepsNumbers(directory: string): boolean {
  const type = typeOf(directory);
  return LOCAL.has(type) && !NUMBERED_ANEW.has(type);
}

/** -1 where the system does not tell. */
function typeOf(directory: string): number {
  if (process.platform !== "linux") return -1;
  try {
    return Number(statfsSync(directory).type) >>> 0;
  } catch {
    return -1;
  }
}
