// Outputs in the origin's private file system, for browsers that let nobody pick a place: each a file of its own, which
// is saved as a download when it is whole, and removed then. A lock says whose is in use; what a page that was closed
// has left is removed by the next.

import type { Target } from "./target.js";

const PREFIX = "seal-output-";

/** Whether there is such a file system, and it can be written from here. */
export async function canBeTemporary(): Promise<boolean> {
  if (typeof FileSystemFileHandle === "undefined" || !("createWritable" in FileSystemFileHandle.prototype))
    return false;
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
}

export async function temporaryTarget(): Promise<Target> {
  const name = `${PREFIX}${crypto.randomUUID()}`;
  const unlock = await lock(name);
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle(name, { create: true });
  return {
    is: "temporary",
    stream: await handle.createWritable(),
    result: () => handle.getFile(),
    discard: async () => {
      await removed(root, name);
      unlock();
    },
  };
}

const [TRIES, PAUSE] = [100, 100];

/** Removes an entry, as soon as who writes to it has let go of it; the next page does it where that takes too long. */
async function removed(root: FileSystemDirectoryHandle, name: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await root.removeEntry(name);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotFoundError") return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Takes a lock that is free; it is held until the function is called, or the page goes. */
function lock(name: string): Promise<() => void> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => new Promise<void>((unlock) => resolve(unlock)));
  });
}

/**
 * Removes what nobody uses any more; how many of these were not whole: until it is closed, what is written to a file
 * stands elsewhere, and the file is empty.
 */
export async function removeLeftovers(): Promise<number> {
  if (!(await canBeTemporary())) return 0;
  const root = await navigator.storage.getDirectory();
  let count = 0;
  for await (const name of (root as unknown as { keys(): AsyncIterable<string> }).keys()) {
    if (!name.startsWith(PREFIX)) continue;
    await navigator.locks.request(name, { ifAvailable: true }, async (free) => {
      if (!free) return;
      const { size } = await (await root.getFileHandle(name)).getFile();
      await removed(root, name);
      if (size === 0) count += 1;
    });
  }
  return count;
}
