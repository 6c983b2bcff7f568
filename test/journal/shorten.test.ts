// Removing whole epochs at a journal's front: what readers, and the writer that comes back, make of it.

import { describe, expect, test } from "vitest";
import { concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { baseMessage, encodeBase, MAX_BASE_OFFSET } from "../../src/format/base.js";
import { type Cursor, encodeCursor, parseCursor } from "../../src/format/cursor.js";
import { type Limit, type Shortened, shorten } from "../../src/journal/writing/shorten.js";
import { NOW, recipient, sender, stranger } from "../files/samples.js";
import { failure } from "../support.js";
import { joined, Maker, memoryJournal } from "./maker.js";
import { type MemoryStore, memoryStore } from "./memory-store.js";
import { outcome } from "./reading.js";
import { append, openWriter } from "./writing.js";

/** Three epochs, begun a day after each other. */
const made = () => {
  const day = (n: number) => ({ sealedAt: NOW / 1000 + n * 86_400 });
  return new Maker({ label: "log" })
    .epoch(day(0))
    .frame(["0"])
    .frame(["1"])
    .epoch(day(1))
    .frame(["2"])
    .epoch(day(2))
    .frame(["3"]);
};
const BYTES = made;

function drop(store: MemoryStore, limit: Limit, signer = sender): Promise<Shortened> {
  return shorten(store, { suite: native, signer: signer.signingKey, limit, now: NOW });
}

async function cursorsOf(bytes: Uint8Array): Promise<Cursor[]> {
  return [...(await outcome(bytes)).cursors];
}

describe("a journal whose first epochs are removed", () => {
  test("begins with what is left, and goes on at every cursor that is not before that", async () => {
    const maker = BYTES();
    const [bytes, ends] = [maker.bytes(), maker.parts.map((_, i) => joined(maker.parts.slice(0, i + 1)).length)];
    const cursors = await cursorsOf(bytes);
    const store = memoryStore(bytes);
    expect(await drop(store, { cursor: cursors[1]! })).toEqual({
      offset: ends[2],
      epochs: 1,
      frames: 2,
      bytes: ends[2],
    });
    expect((await outcome(store.bytes)).records).toEqual(["2", "3"]);
    for (const [i, left] of [["2", "3"], ["3"], []].entries()) {
      const read = await outcome(store.bytes, { cursor: cursors[i + 1]! });
      expect([read.error, read.records]).toEqual([null, left]);
      expect(read.cursor).toEqual(cursors[3]);
    }
    const gone = await outcome(store.bytes, { cursor: cursors[0]! });
    expect(gone.error).toMatchObject({ code: "usage", reason: "removed" });
    expect((await outcome(store.bytes, { cursor: cursors[0]!, skipRemoved: true })).records).toEqual(["2", "3"]);
  });

  test("is shortened again: the new base takes the old one's place", async () => {
    const cursors = await cursorsOf(made().bytes());
    const bytes = BYTES().bytes();
    const own = await cursorsOf(bytes);
    const store = memoryStore(bytes);
    await drop(store, { cursor: own[1]! });
    const again = memoryStore(store.bytes);
    expect(await drop(again, { cursor: own[2]! })).toMatchObject({ epochs: 1, frames: 1 });
    expect((await outcome(again.bytes)).records).toEqual(["3"]);
    const all = memoryStore(again.bytes);
    await drop(all, { cursor: own[3]! });
    const alone = await outcome(all.bytes);
    expect([alone.error, alone.records, alone.cursor!.end]).toEqual([null, [], own[3]!.end]);
    expect((await outcome(all.bytes, { cursor: own[3]! })).error).toBeNull();
    expect((await failure(drop(memoryStore(bytes), { cursor: cursors[1]! }))).code).toBe("tampered");
  });

  test("goes on with its writer, who needs no other cursor", async () => {
    for (const upTo of [1, 3]) {
      const store = memoryStore();
      const writer = await openWriter(store);
      await append(writer, "a");
      writer.nextEpoch();
      await append(writer, "b");
      await writer.close();
      const cursors = await cursorsOf(store.bytes);
      const second = store.another();
      await drop(second, { cursor: cursors[upTo === 1 ? 0 : 1]! });
      const back = await openWriter(second.another());
      await append(back, "c");
      await back.close();
      const read = await outcome(second.bytes);
      expect([read.error, read.records]).toEqual([null, upTo === 1 ? ["b", "c"] : ["c"]]);
      expect((await outcome(second.bytes, { cursor: cursors[1]! })).records).toEqual(["c"]);
    }
  });
});

test("at the largest offset of a base, cursors are still cursors", async () => {
  const { parts } = made();
  const [signer, journal] = [sender.signingKey, native.sha256(parts[0]!.bytes.subarray(0, 118 + 3 + 32))];
  const from = 3;
  const previous = parts[from - 1]!.chain;
  const at = (offset: number) => {
    const base = encodeBase({ signer: signer.publicKey, journal, previous, offset, removedAt: 0, label: "log" });
    return concat(base, signer.sign(baseMessage(native, base)), joined(parts.slice(from)));
  };
  const bytes = at(MAX_BASE_OFFSET);
  const read = await outcome(bytes);
  expect([read.error, read.records]).toEqual([null, ["2", "3"]]);
  const told = read.cursors.map((cursor) => parseCursor(encodeCursor(cursor, "reading"), "reading"));
  expect(told.map(({ end }) => end - MAX_BASE_OFFSET)).toEqual([5, 7].map((n) => joined(parts.slice(from, n)).length));
  expect((await outcome(bytes, { cursor: told[0]! })).records).toEqual(["3"]);
  expect((await outcome(at(MAX_BASE_OFFSET + 1))).error?.code).toBe("malformed");
});

describe("what may be removed", () => {
  test("nothing that is dated later, where the clock was set back", async () => {
    const dated = new Maker({ label: "log" });
    for (const days of [0, 10, 1, 2]) dated.epoch({ sealedAt: NOW / 1000 + days * 86_400 }).frame([`${days}`]);
    const at = (days: number) => ({ before: NOW / 1000 + days * 86_400 });
    for (const [days, epochs] of [
      [5, 0],
      [11, 3],
    ] as const) {
      expect((await drop(memoryStore(dated.bytes()), at(days))).epochs, `${days}`).toBe(epochs);
    }
  });

  test("what was over at a time", async () => {
    const at = (days: number) => ({ before: NOW / 1000 + days * 86_400 });
    for (const [days, epochs] of [
      [0.5, 0],
      [1, 1],
      [1.5, 1],
      [2, 2],
      [9, 2],
    ] as const) {
      const store = memoryStore(BYTES().bytes());
      expect((await drop(store, at(days))).epochs, `${days}`).toBe(epochs);
    }
  });

  test("nothing of a journal that does not verify, or that somebody else signs", async () => {
    const bytes = BYTES().bytes();
    const cursor = (await cursorsOf(bytes))[1]!;
    const altered = bytes.slice();
    altered[bytes.length - 100]! ^= 1;
    for (const [store, signer, code] of [
      [memoryStore(altered), sender, "tampered"],
      [memoryStore(bytes), stranger, "untrusted"],
      [memoryStore(), sender, "usage"],
    ] as const) {
      const before = store.bytes;
      expect((await failure(drop(store, { cursor }, signer))).code).toBe(code);
      expect(store.bytes).toEqual(before);
    }
    expect(recipient.publicKey.length).toBe(32);
  });
});

describe("a journal that is shortened while it is read", () => {
  const NUMBERS = Array.from({ length: 60 }, (_, i) => String(i));

  /** Four epochs of large frames, of which many reads are; and the same without the first of them. */
  async function long() {
    const maker = new Maker({ label: "log", exponent: 20 });
    for (const [i, number] of NUMBERS.entries()) {
      if (i % 15 === 0) maker.epoch();
      maker.frame([number, new Uint8Array(500_000)]);
    }
    const bytes = maker.bytes();
    const cursors = await cursorsOf(bytes);
    const shortened = async (cursor: Cursor, from = bytes) => {
      const store = memoryStore(from);
      await drop(store, { cursor });
      return store.bytes;
    };
    return { bytes, cursors, shortened };
  }

  const numbersOf = (records: readonly string[]) => records.filter((record) => record.length < 10);

  test("is read on where it was, whenever that happens; or what is gone is told", async () => {
    const { bytes, cursors, shortened } = await long();
    const [once, twice] = [await shortened(cursors[15]!), await shortened(cursors[30]!)];
    let [goneOn, told] = [0, 0];
    for (let at = 1, isMade = true; isMade; at++) {
      const source = memoryJournal(bytes);
      const { readAt } = source;
      let reads = 0;
      source.readAt = (position, length) => {
        reads += 1;
        if (reads === at) source.bytes = once;
        if (reads === at + 3) source.bytes = twice;
        return readAt(position, length);
      };
      const { records, error } = await outcome(source);
      const found = numbersOf(records);
      // At once, nothing had been read of what was removed.
      const first = Number(found[0] ?? 0);
      expect(found, `${at}`).toEqual(NUMBERS.slice(first, first + found.length));
      if (error) {
        expect([error.code, error.reason], `${at}: ${error.message}`).toEqual(["usage", "removed"]);
        told += 1;
      } else {
        expect(found.at(-1), `${at}`).toBe("59");
        goneOn += 1;
      }
      isMade = reads > at;
    }
    expect([goneOn > 2, told > 0]).toEqual([true, true]);
  });

  test("is tampered with, if what stands there is no more of it than before", async () => {
    const { bytes, cursors, shortened } = await long();
    const once = await shortened(cursors[15]!);
    const damaged = once.slice();
    damaged[damaged.length - 1000]! ^= 1;
    const source = memoryJournal(bytes);
    const { readAt } = source;
    let reads = 0;
    source.readAt = (position, length) => {
      if (++reads === 7) source.bytes = damaged;
      return readAt(position, length);
    };
    const { records, error } = await outcome(source);
    expect(error?.code).toBe("tampered");
    expect(numbersOf(records)).toEqual(NUMBERS.slice(0, 59));
    // The old one again is genuine, but nothing that was removed meanwhile.
    const back = memoryJournal(once);
    const other = back.readAt;
    let count = 0;
    back.readAt = (position, length) => {
      if (++count === 7) back.bytes = bytes;
      return other(position, length);
    };
    expect((await outcome(back)).error?.code).toBe("tampered");
  });
});
