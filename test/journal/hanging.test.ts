// A writer that is ended while it waits for others: for its signer, or for who its recipients are.

import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/bytes.js";
import type { WriterOptions } from "../../src/journal/writing/writer.js";
import { recipient, sender } from "../files/samples.js";
import { memoryStore } from "./memory-store.js";
import { append, openWriter, recordsOf } from "./writing.js";

const reason = new Error("enough");
const forever = () => new Promise<never>(() => {});

interface Hanging {
  hangs: boolean;
  readonly options: Readonly<Record<string, Partial<WriterOptions>>>;
}

/** Waits for ever once it is told to. */
function hanging(): Hanging {
  const state: Hanging = {
    hangs: false,
    options: {
      "its signer": {
        signer: {
          publicKey: sender.signingKey.publicKey,
          sign: (message: Uint8Array): Bytes | Promise<Bytes> =>
            state.hangs ? forever() : sender.signingKey.sign(message),
        },
      },
      "its recipients": { recipients: async () => (state.hangs ? forever() : [recipient.publicKey]) },
    },
  };
  return state;
}

describe.each(["its signer", "its recipients"])("a writer that waits for %s", (whom) => {
  test("as it opens ends with the signal's reason, and writes nothing", async () => {
    const state = hanging();
    state.hangs = true;
    const [store, stop] = [memoryStore(), new AbortController()];
    const opening = openWriter(store, { ...state.options[whom], signal: stop.signal });
    setImmediate(() => stop.abort(reason));
    await expect(opening).rejects.toBe(reason);
    expect([store.closed, store.bytes.length]).toEqual([true, 0]);
  });

  test("for its next epoch rejects what is not sealed, and closes", async () => {
    const state = hanging();
    const [store, stop] = [memoryStore(), new AbortController()];
    const writer = await openWriter(store, { ...state.options[whom], signal: stop.signal });
    await append(writer, "one");
    writer.nextEpoch();
    state.hangs = true;
    const second = append(writer, "two");
    setImmediate(() => stop.abort(reason));
    await expect(second).rejects.toBe(reason);
    await writer.close();
    expect(recordsOf(store)).toEqual(["one"]);
  });
});
