// Disks of a test's own: small ones in memory, which only root may mount, and not everywhere.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { inSandbox, isTemporary, type Sandbox } from "./sandbox.js";

export const canMount = triesToMount();
if (!canMount) console.warn("no file system may be mounted here: what needs a disk of its own is skipped");

function triesToMount(): boolean {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return false;
  const place = mkdtempSync(join(tmpdir(), "seal-mount-"));
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place]).status === 0;
  if (isMounted) execFileSync("umount", [place]);
  rmSync(place, { recursive: true });
  return isMounted;
}

/** A test with a disk of so many KiB in its sandbox, on which no temporary file is to be left. */
export function onDisk<Args extends unknown[]>(
  kib: number,
  work: (box: Sandbox, disk: string, ...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return inSandbox(async (box, ...args: Args) => {
    const disk = join(box.dir, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", disk]);
    try {
      await work(box, disk, ...args);
      expect(readdirSync(disk).filter(isTemporary), "temporary files that are left").toEqual([]);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
}

export function resize(disk: string, kib: number): void {
  execFileSync("mount", ["-o", `remount,size=${kib}k`, disk]);
}
