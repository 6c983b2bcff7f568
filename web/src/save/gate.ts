// Pausing: an output that takes nothing while its gate is closed. Whoever writes into it waits, and so does what it
// reads from.

export class Gate {
  #opened: Promise<void> | null = null;
  #open: () => void = () => {};

  get isClosed(): boolean {
    return this.#opened !== null;
  }

  close(): void {
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.#opened = null;
  }

  async pass(): Promise<void> {
    while (this.#opened) await this.#opened;
  }
}

/** The stream behind a gate. */
export function gated(stream: WritableStream<Uint8Array>, gate: Gate): WritableStream<Uint8Array> {
  const writer = stream.getWriter();
  return new WritableStream({
    write: async (bytes) => {
      await gate.pass();
      try {
        await writer.write(bytes);
      } catch (error) {
        // A stream whose write has failed is not aborted by whoever writes: it would keep what it has.
        await writer.abort(error).catch(() => undefined);
        throw error;
      }
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}
