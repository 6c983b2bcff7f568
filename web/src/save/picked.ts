// A file that the user picks. The browser writes beside it, and puts it in place when it is whole. The picker itself
// empties a file that is there as soon as the user has chosen it: nothing that a page does later can keep that.

import { NoPlace, type Target } from "./target.js";

interface SavePicker {
  showSaveFilePicker(options: { suggestedName: string }): Promise<FileSystemFileHandle & { remove?(): Promise<void> }>;
}

export async function pickedTarget(name: string): Promise<Target> {
  const asked = Date.now();
  const handle = await pick(name);
  const writable = await handle.createWritable();
  let isWhole = false;
  return {
    is: "picked",
    stream: writable,
    result: async () => {
      isWhole = true;
      return null;
    },
    discard: async () => {
      // What was sealed may have been empty, too.
      if (isWhole) return;
      try {
        // The picker makes an empty file, which was not there before.
        const { size, lastModified } = await handle.getFile();
        if (size === 0 && lastModified >= asked - 1000) await handle.remove?.();
      } catch {
        // It is gone already.
      }
    },
  };
}

async function pick(name: string) {
  try {
    return await (window as unknown as SavePicker).showSaveFilePicker({ suggestedName: name });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw new NoPlace();
    throw error;
  }
}

/** Saves bytes where the user picks, and reads them back: whether they are there as they were given. */
export async function saveAndReadBack(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const handle = await pick(name);
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  return sameBytes(await handle.getFile(), bytes);
}

/** Whether a file has exactly these bytes. */
export async function sameBytes(file: Blob, bytes: Uint8Array): Promise<boolean> {
  if (file.size !== bytes.length) return false;
  const found = new Uint8Array(await file.arrayBuffer());
  const isSame = found.every((byte, i) => byte === bytes[i]);
  found.fill(0);
  return isSame;
}
