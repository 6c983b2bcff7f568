// Several writers on one journal, whose store's compare-and-append is perfect: what one of them has acknowledged stays,
// and who is not the owner any more touches nothing.

import { describe, expect, test } from "vitest";
import { parseCursor } from "../../src/format/cursor.js";
import type { Writer } from "../../src/journal/writing/writer.js";
import { failure } from "../support.js";
import { type MemoryStore, memoryStore } from "./memory-store.js";
import { append, openWriter, recordsOf } from "./writing.js";

const stateOf = ({ bytes, saved, aside }: MemoryStore) => ({ bytes, saved, aside: [...aside] });

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("a writer that lost its journal", () => {
  test("touches nothing of it, is closed with an error, and accepts nothing more", async () => {
    const first = memoryStore();
    const writer = await openWriter(first);
    await append(writer, "a");
    const second = first.another();
    const successor = await openWriter(second);
    for (const record of ["b", "c", "d"]) await append(successor, record);
    const before = stateOf(second);
    const calls = first.calls.length;
    const lost = await Promise.all(["x", "y"].map((record) => failure(append(writer, record))));
    expect(lost.map(({ code }) => code)).toEqual(["fenced", "fenced"]);
    expect((await failure(append(writer, "z"))).code).toBe("fenced");
    expect((await failure(writer.close())).code).toBe("fenced");
    expect(first.calls.slice(calls)).toEqual(["append"]);
    expect(stateOf(second)).toEqual(before);
    expect(first.closed).toBe(true);
    await append(successor, "e");
    await successor.close();
    expect(recordsOf(second)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("and has nothing left to write: does not move its cursor, or its successor's", async () => {
    const first = memoryStore();
    const writer = await openWriter(first);
    await append(writer, "a");
    const second = first.another();
    const successor = await openWriter(second);
    await append(successor, "b");
    const calls = first.calls.length;
    // The cursor would have followed by itself.
    await until(() => first.calls.length > calls);
    expect(first.calls.slice(calls)).toEqual(["swapCursor"]);
    await successor.close();
    const before = stateOf(second);
    expect((await failure(writer.close())).code).toBe("fenced");
    expect(stateOf(second)).toEqual(before);
    expect((await openWriter(second.another())).recovered.frames).toEqual([]);
  });

  test("before it has learned whether a record was written: says that it lost it, though the record is there", async () => {
    const first = memoryStore();
    const writer = await openWriter(first);
    await append(writer, "a");
    let successor: Promise<Writer> | null = null;
    first.fault = () => {
      if (first.calls.at(-1) !== "append") return null;
      successor ??= Promise.resolve().then(() => openWriter(first.another()));
      return "unheard";
    };
    expect((await failure(append(writer, "b"))).code).toBe("fenced");
    const second = await successor!;
    await append(second, "c");
    await second.close();
    expect(recordsOf(first)).toEqual(["a", "b", "c"]);
  });
});

test("writers that take the journal from each other, at any moment, lose and double nothing that was acknowledged", async () => {
  for (let round = 0; round < 20; round++) {
    const store = memoryStore();
    const acknowledged: string[] = [];
    const refused = new Set<string>();
    const live = async (name: string) => {
      const own = store.another();
      own.delay = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      const writer = await openWriter(own).catch((error) => {
        expect(error.code).toBe("fenced");
        return null;
      });
      for (let i = 0; writer && i < 6; i++) {
        const record = `${name}${i}`;
        await append(writer, record).then(
          () => void acknowledged.push(record),
          (error) => {
            expect(error.code).toBe("fenced");
            refused.add(record);
          },
        );
      }
      await writer?.close().catch((error) => expect(error.code).toBe("fenced"));
    };
    await Promise.all(["a", "b", "c"].map(live));
    const records = recordsOf(store);
    expect(records.filter((record) => !refused.has(record))).toEqual(acknowledged);
    expect(new Set(records).size).toBe(records.length);
  }
});

describe("the writer's cursor", () => {
  test("follows what is acknowledged, without being asked to", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    await append(writer, "a");
    await append(writer, "b");
    expect(parseCursor(store.saved!, "writing").frames).toBe(0);
    await until(() => parseCursor(store.saved!, "writing").frames === 2);
    expect(parseCursor(store.saved!, "writing").end).toBe(store.bytes.length);
    const again = await openWriter(store.another());
    expect(again.recovered.frames).toEqual([]);
  });

  test("is replaced once a second at most, however much is written", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    const began = performance.now();
    for (let i = 0; i < 300; i++) await append(writer, `${i}`);
    const seconds = (performance.now() - began) / 1000;
    expect(store.calls.filter((name) => name === "swapCursor").length).toBeLessThanOrEqual(2 + seconds);
    await writer.close();
  });

  test("that cannot be replaced keeps no record from being acknowledged, and is tried again", async () => {
    const store = memoryStore();
    const writer = await openWriter(store);
    store.fault = () => (store.calls.at(-1) === "swapCursor" ? "failed" : null);
    await append(writer, "a");
    writer.nextEpoch();
    await append(writer, "b");
    const failedBefore = store.calls.filter((name) => name === "swapCursor").length;
    await until(() => store.calls.filter((name) => name === "swapCursor").length > failedBefore + 1);
    expect((await failure(writer.close())).code).toBe("io");
    store.fault = null;
    const again = await openWriter(store.another());
    expect(again.recovered.frames).toHaveLength(2);
    await again.close();
    expect(recordsOf(store)).toEqual(["a", "b"]);
  });
});
