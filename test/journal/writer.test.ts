// What the writer writes, as an independent reader finds it: batches, epochs, and whom it tells what.

import { describe, expect, test, vi } from "vitest";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import { parseCursor } from "../../src/format/cursor.js";
import { recipient, sender, stranger } from "../files/samples.js";
import { failure } from "../support.js";
import { sample } from "./maker.js";
import { type MemoryStore, memoryStore } from "./memory-store.js";
import { append, bytesOf, epochsOf, openWriter, recordsOf, shapeOf } from "./writing.js";

const LIMITS = { seconds: 300, records: 1_000_000, bytes: 2 ** 30 };

/** Holds back what a store appends until it is let go. */
function gate() {
  let open = () => {};
  const delay = () => new Promise<void>((resolve) => (open = resolve));
  return { delay, open: () => open() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The writer's cursor. */
const saved = (store: MemoryStore) => parseCursor(store.saved!, "writing");

describe("group commit", () => {
  test("what arrives in one turn shares a frame; what arrives while it is written shares the next", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const held = gate();
    store.delay = held.delay;
    const first = [append(writer, "a", "b"), append(writer, ""), writer.append(bytesOf("c"))];
    await turn();
    const second = [append(writer, "d"), append(writer, "e")];
    expect(writer.queuedBytes).toBe(5 * 1 + 6 * 4);
    held.open();
    await Promise.all(first);
    expect(writer.queuedBytes).toBe(2 * (4 + 1));
    await turn();
    held.open();
    await Promise.all(second);
    expect(writer.queuedBytes).toBe(0);
    expect(shapeOf(store)).toEqual([
      [
        ["a", "b", "", "c"],
        ["d", "e"],
      ],
    ]);
  });

  test("a lone record waits for nobody", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    await append(writer, "a");
    await append(writer, "b");
    expect(shapeOf(store)).toEqual([[["a"], ["b"]]]);
  });

  test("an epoch that is ended while it is being begun gets no frame", async () => {
    const store = memoryStore();
    let asked = 0;
    const writer = await openWriter(store, {
      recipients: async () => {
        if (++asked === 2) writer.nextEpoch();
        return [recipient.publicKey];
      },
    });
    writer.nextEpoch();
    await append(writer, "a");
    expect(shapeOf(store)).toEqual([[], [], [["a"]]]);
    await append(writer, "b");
    expect(shapeOf(store)).toEqual([[], [], [["a"], ["b"]]]);
  });

  test("a full batch is sealed while the frame before it is being written, and erased", async () => {
    const store = memoryStore();
    const sealed: string[] = [];
    const sealChunk: Suite["sealChunk"] = (key, nonce, pieces, ...rest) => {
      const [batch] = [...pieces];
      sealed.push(String.fromCharCode(batch![12]!));
      return native.sealChunk(key, nonce, [batch!], ...rest);
    };
    const writer = await openWriter(store, { suite: { ...native, sealChunk } });
    const held = gate();
    store.delay = held.delay;
    const long = "x".repeat(4000);
    const all = [append(writer, "a")];
    await turn();
    all.push(append(writer, `b${long}`));
    expect(sealed).toEqual(["a"]);
    all.push(append(writer, `c${long}`), append(writer, `d${long}`));
    expect(sealed).toEqual(["a", "b"]);
    for (let i = 0; i < 4; i++) {
      held.open();
      await turn();
    }
    await Promise.all(all);
    expect(recordsOf(store).map((record) => record[0])).toEqual(["a", "b", "c", "d"]);
  });

  test("records are copied: the caller's memory is its own at once", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const record = bytesOf("record");
    const done = writer.append([record, record]);
    record.fill(0);
    await done;
    expect(recordsOf(store)).toEqual(["record", "record"]);
  });

  test("a call's records share a frame where they fit, and go on in the next ones where not, in order", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const [half, most] = ["h".repeat(2000), "m".repeat(3000)];
    await Promise.all([append(writer, half), append(writer, "1", most), append(writer, half, half, half)]);
    expect(shapeOf(store)).toEqual([[[half], ["1", most], [half, half], [half]]]);
  });

  test("a batch is full to the last byte, and not beyond", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const whole = "w".repeat(4096 - 12);
    await Promise.all([append(writer, whole), append(writer, "a".repeat(4096 - 8 - 4 - 4)), append(writer, "")]);
    expect(shapeOf(store)).toEqual([[[whole], ["a".repeat(4080), ""]]]);
    const error = await failure(append(writer, "x", `${whole}w`));
    expect(error.code).toBe("usage");
    expect(error.message).toContain("4085");
    expect(writer.queuedBytes).toBe(0);
    await append(writer, "y");
    expect(recordsOf(store).at(-1)).toBe("y");
    expect(recordsOf(store)).not.toContain("x");
  });

  test("no records are nothing", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    await append(writer);
    expect(shapeOf(store)).toEqual([[]]);
  });

  test("the time of a batch is that of its sealing", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    vi.spyOn(Date, "now").mockReturnValue(1_900_000_000_123);
    await append(writer, "a").finally(() => vi.restoreAllMocks());
    expect(epochsOf(store)[0]!.frames[0]!.sealedAt).toBe(1_900_000_000_123);
  });
});

describe("epochs", () => {
  test("the first begins with the journal; each has keys, stanzas and a commitment of its own", async () => {
    const store = memoryStore();
    const writer = await openWriter(store, { recipients: [recipient.publicKey, stranger.publicKey], label: "log" });
    expect(store.calls).toEqual(["takeTerm", "append", "swapCursor"]);
    await append(writer, "a");
    writer.nextEpoch();
    writer.nextEpoch();
    await append(writer, "b");
    const epochs = epochsOf(store);
    expect(shapeOf(store)).toEqual([[["a"]], [["b"]]]);
    expect(epochs.map(({ label, stanzas }) => [label, stanzas])).toEqual([
      ["log", 2],
      ["log", 2],
    ]);
    expect(epochs[0]!.fileKey).not.toEqual(epochs[1]!.fileKey);
  });

  test.each([
    ["records", { ...LIMITS, records: 2 }],
    ["bytes", { ...LIMITS, bytes: 250 }],
  ])("a new one after so many %s", async (_name, limits) => {
    const store = memoryStore();
    const writer = await openWriter(store, { limits });
    for (const record of ["a", "b", "c", "d", "e"]) await append(writer, record);
    expect(shapeOf(store)).toEqual([[["a"], ["b"]], [["c"], ["d"]], [["e"]]]);
  });

  test("a new one after so many seconds, though nothing was written meanwhile", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(5000);
    try {
      const store = memoryStore();
      const writer = await openWriter(store, { limits: { ...LIMITS, seconds: 10 } });
      await append(writer, "a");
      clock.mockReturnValue(14_999);
      await append(writer, "b");
      clock.mockReturnValue(15_000);
      await append(writer, "c");
      expect(shapeOf(store)).toEqual([[["a"], ["b"]], [["c"]]]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("nothing is sealed under the keys of an epoch that ended between two turns", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const done = append(writer, "a");
    for (let i = 0; i < 20; i++) {
      await null;
      writer.nextEpoch();
    }
    await done;
    expect(recordsOf(store)).toEqual(["a"]);
  });

  test("the cursor names each epoch's header, and the end when the writer ends", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const journal = saved(store).journal;
    await append(writer, "a");
    writer.nextEpoch();
    await append(writer, "b");
    const [, second] = epochsOf(store);
    expect(saved(store)).toMatchObject({ journal, epoch: second!.offset, frames: 0 });
    await writer.close();
    const { end, chain } = second!.frames[0]!;
    expect(saved(store)).toEqual({
      journal,
      epoch: second!.offset,
      header: new Uint8Array(second!.hash),
      frames: 1,
      end,
      chain: new Uint8Array(chain),
    });
    expect(store.closed).toBe(true);
  });
});

describe("before a frame is written", () => {
  test("its place and its calls' tags are told, and waited for", async () => {
    const store = memoryStore();
    const told: unknown[] = [];
    const beforeFrame = async (place: object, tags: readonly unknown[]) => {
      await turn();
      told.push({ ...place, tags: [...tags], size: store.bytes.length });
    };
    const writer = await openWriter(store, { beforeFrame });
    const big = "b".repeat(3000);
    await Promise.all([
      writer.append(bytesOf("a"), "first"),
      append(writer, "untagged"),
      writer.append([bytesOf(big), bytesOf(big)], { second: true }),
    ]);
    const [epoch] = epochsOf(store);
    await writer.close();
    const { journal } = saved(store);
    const tags = [["first", { second: true }], [{ second: true }]];
    expect(told).toEqual(
      epoch!.frames.map(({ position, end, chain }, i) => ({
        journal,
        position,
        end,
        chain: new Uint8Array(chain),
        tags: tags[i],
        size: position,
      })),
    );
  });

  test("its failure is that of the frame, which is not written", async () => {
    const store = memoryStore();
    let fails = true;
    const beforeFrame = async () => {
      if (fails) throw new Error("no room");
    };
    const writer = await openWriter(store, { beforeFrame });
    const error = await failure(append(writer, "a"));
    expect(error.code).toBe("io");
    expect(error.message).toContain("no room");
    fails = false;
    await append(writer, "b");
    expect(shapeOf(store)).toEqual([[], [["b"]]]);
  });
});

describe("the end of a writer", () => {
  test("close waits for what was accepted, and refuses more; a second close is the same", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const done = append(writer, "a");
    const closed = writer.close();
    expect((await failure(append(writer, "b"))).code).toBe("usage");
    await Promise.all([done, closed, writer.close()]);
    expect(recordsOf(store)).toEqual(["a"]);
    expect(store.calls.filter((name) => name === "swapCursor")).toHaveLength(2);
  });

  test("a signal: what is being written is seen to its end, the rest is rejected with its reason", async () => {
    const store = memoryStore();
    const controller = new AbortController();
    const writer = await openWriter(store, { signal: controller.signal });
    const held = gate();
    store.delay = held.delay;
    const first = append(writer, "a");
    await turn();
    const second = append(writer, "b");
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect(append(writer, "c")).rejects.toBe(reason);
    held.open();
    await first;
    expect(writer.queuedBytes).toBe(0);
    await writer.close();
    expect(recordsOf(store)).toEqual(["a"]);
  });

  test("a signal that has aborted opens nothing, and closes the store", async () => {
    const store = memoryStore();
    await expect(openWriter(store, { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect(store.closed).toBe(true);
  });
});

describe("coming back", () => {
  test("a new epoch follows what is there; label and chunk size are kept", async () => {
    const store = memoryStore();
    const first = await openWriter(store, { label: "log" });
    await append(first, "a");
    await first.close();
    const again = await openWriter(store, { label: undefined, chunkExponent: undefined });
    expect(again.recovered).toEqual({ tailMovedTo: null, frames: [] });
    expect([again.label, again.chunkSize]).toEqual(["log", 4096]);
    expect(epochsOf(store)).toHaveLength(1);
    await append(again, "b");
    expect(shapeOf(store)).toEqual([[["a"]], [["b"]]]);
  });

  test.each([
    ["label", { label: "other" }],
    ["chunk size", { chunkExponent: 13 }],
  ])("not with another %s", async (name, options) => {
    const store = memoryStore();
    await (await openWriter(store, { label: "log" })).close();
    const error = await failure(openWriter(store, options));
    expect([error.code, error.message]).toEqual(["usage", expect.stringContaining(name)]);
    expect(store.closed).toBe(true);
  });

  test("not with another signer's key", async () => {
    const store = memoryStore();
    await (await openWriter(store)).close();
    const error = await failure(openWriter(store, { signer: stranger.signingKey }));
    expect([error.code, error.signer]).toEqual(["untrusted", sender.signer]);
    expect(error.message).toContain(stranger.signer);
  });

  test.each([
    ["no recipient", { recipients: [] }],
    [
      "too many recipients",
      {
        recipients: Array.from({ length: 4097 }, (_, i) =>
          new Uint8Array(32).fill(9).map((x, j) => (j < 2 ? i >> (8 * j) : x)),
        ),
      },
    ],
    ["a label that cannot be sealed", { label: "\u0007" }],
  ])("%s: usage, and nothing is written", async (_name, options) => {
    const store = memoryStore();
    expect((await failure(openWriter(store, options))).code).toBe("usage");
    expect([store.bytes.length, store.closed]).toEqual([0, true]);
  });

  test("an incomplete end is moved aside, wherever it was cut; whole frames stay", async () => {
    const made = sample();
    const whole = made.bytes();
    const lengths = made.parts.map(({ bytes }) => bytes.length);
    const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
    for (let size = 1; size <= whole.length; size += 7) {
      const store = memoryStore(whole.slice(0, size));
      const writer = await openWriter(store);
      const end = ends.findLast((each) => each <= size) ?? 0;
      expect(store.aside, `${size}`).toEqual(end < size ? [whole.slice(end, size)] : []);
      expect(writer.recovered.tailMovedTo).toBe(end < size ? `memory.tail-${end}-1` : null);
      const frames = made.parts.filter(({ is }, i) => is === "frame" && ends[i]! <= size);
      expect(writer.recovered.frames.map(({ chain }) => chain)).toEqual(frames.map(({ chain }) => chain));
      await append(writer, "more");
      await writer.close();
      expect(recordsOf(store)).toEqual([...recordsBefore(made, ends, size), "more"]);
    }
  });

  test("frames behind the cursor are told of, with their places", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    for (const record of ["a", "b", "c"]) await append(writer, record);
    const again = await openWriter(memoryStore(store.bytes, store.saved));
    const frames = epochsOf(store)[0]!.frames.map(({ position, end, chain }) => ({
      position,
      end,
      chain: new Uint8Array(chain),
    }));
    expect(again.recovered.frames).toEqual(frames);
  });
});

function recordsBefore(made: ReturnType<typeof sample>, ends: readonly number[], size: number): string[] {
  const perPart = [[], ["0"], ["1", "2"], ["3", "", "4"], [], [], ["5", "6", "7"], ["8", "9"]];
  expect(made.parts).toHaveLength(perPart.length);
  return perPart.filter((_, i) => ends[i]! <= size).flat();
}
