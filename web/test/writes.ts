// A private file system that is slow, or full.

import type { Page } from "playwright-core";

/** Makes the private file system refuse, as a full one does, what goes beyond `most` bytes. */
export function fillsUp(page: Page, most: number): Promise<void> {
  return page.evaluate((most) => {
    const { createWritable } = FileSystemFileHandle.prototype;
    FileSystemFileHandle.prototype.createWritable = async function (...args) {
      const writer = (await createWritable.apply(this, args)).getWriter();
      let written = 0;
      return new WritableStream<Uint8Array>({
        write: async (bytes) => {
          written += bytes.length;
          if (written > most) {
            await writer.abort();
            throw new DOMException("there is no more room", "QuotaExceededError");
          }
          await writer.write(bytes as never);
        },
        close: () => writer.close(),
        abort: (reason) => writer.abort(reason),
      }) as FileSystemWritableFileStream;
    };
  }, most);
}

/** Makes the private file system slow, and counts what is written to it. */
export function slowWrites(page: Page): Promise<void> {
  return page.evaluate(() => {
    const { createWritable } = FileSystemFileHandle.prototype;
    FileSystemFileHandle.prototype.createWritable = async function (...args) {
      const stream = await createWritable.apply(this, args);
      const writer = stream.getWriter();
      return new WritableStream({
        write: async (bytes) => {
          await new Promise((resolve) => setTimeout(resolve, 150));
          await writer.write(bytes);
          Object.assign(window, { written: ((window as { written?: number }).written ?? 0) + 1 });
        },
        close: () => writer.close(),
        abort: (reason) => writer.abort(reason),
      }) as FileSystemWritableFileStream;
    };
  });
}

/** How often it was written to since then. */
export function written(page: Page): Promise<number> {
  return page.evaluate(() => (window as { written?: number }).written ?? 0);
}
