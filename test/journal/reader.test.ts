// What comes out of a journal: everything that is whole, in order, once; what is asked for; and more, when there is
// more.

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { concat } from "../../src/bytes.js";
import { poolEngine } from "../../src/engine/pool.js";
import { encodeBatch, maxRecord } from "../../src/format/batch.js";
import { readJournal } from "../../src/journal/reading/reader.js";
import type { JournalSource } from "../../src/journal/store.js";
import { ENGINES, NOW, recipient, stranger } from "../files/samples.js";
import { identityFile, newPerson, SUITES } from "../support.js";
import { STEP } from "../whole.js";
import { joined, Maker, memoryJournal, sample } from "./maker.js";
import { outcome, READ } from "./reading.js";

const pool = poolEngine(2, { small: 0 });
const RECORDS = ["0", "1", "2", "3", "", "4", "5", "6", "7", "8", "9"];

afterAll(() => pool.close());

/** A plan of epochs, frames and records; lengths of records. */
const JOURNALS = fc.array(fc.array(fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 9 }), { maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});

let serial = 0;
function made(epochs: readonly (readonly (readonly number[])[])[]): { maker: Maker; records: string[] } {
  const maker = new Maker();
  const records: string[] = [];
  for (const frames of epochs) {
    maker.epoch();
    for (const lengths of frames) {
      const batch = lengths.map((length) => `${serial++}`.padEnd(length, "."));
      maker.frame(batch);
      records.push(...batch);
    }
  }
  return { maker, records };
}

test.each([...ENGINES, ["threads", pool] as const])("%s: any journal gives its records", async (_name, engine) => {
  await fc.assert(
    fc.asyncProperty(JOURNALS, async (epochs) => {
      const { maker, records } = made(epochs);
      const read = await outcome(maker.bytes(), { engine });
      expect(read).toMatchObject({ records, error: null, tail: 0 });
      expect(read.cursor).toMatchObject({ end: maker.end, chain: maker.chain });
      const from = read.cursors[Math.floor(read.cursors.length / 2)];
      if (!from) return;
      const rest = await outcome(maker.bytes(), { engine, cursor: from });
      expect(rest.cursors).toEqual(read.cursors.filter(({ end }) => end > from.end));
      expect(records.slice(records.length - rest.records.length)).toEqual(rest.records);
    }),
    { numRuns: 15 },
  );
});

test.each(SUITES.map((suite) => [suite.name, suite] as const))("%s: the sample is read", async (_name, suite) => {
  const { records, error } = await outcome(sample({ label: "ü" }).bytes(), { suite });
  expect([records, error]).toEqual([RECORDS, null]);
});

test("large frames, and more small ones than are worked on together", async () => {
  const maker = new Maker({ exponent: 20 }).epoch();
  const long = new Uint8Array(maxRecord(2 ** 20)).fill(7);
  for (let i = 0; i < 600; i++) maker.frame([`${i}`]);
  for (let i = 0; i < 6; i++) maker.frame([long]).frame(["between"]);
  const read = await outcome(maker.bytes(), { engine: pool });
  expect(read.error).toBe(null);
  expect(read.records.length).toBe(612);
  expect(read.records[599]).toBe("599");
  expect(read.records.slice(600).map(({ length }) => length)).toEqual(
    Array.from({ length: 12 }, (_, i) => (i % 2 ? 7 : long.length)),
  );
});

test("every length: the records of whole frames, and how much is left", async () => {
  const maker = new Maker().epoch().frame(["a"]).epoch().frame(["b"]);
  const ends = maker.parts.map((_, i) => joined(maker.parts.slice(0, i + 1)).length);
  for (let length = ends[0]!; length <= maker.end; length += STEP) {
    const { records, error, tail } = await outcome(maker.bytes().subarray(0, length));
    expect(error).toBe(null);
    expect(records.join("")).toBe(length < ends[1]! ? "" : length < ends[3]! ? "a" : "ab");
    expect(tail).toBe(length - ends.findLast((end) => end <= length)!);
  }
});

test("cut off behind a field of a header that is out of bounds, it is refused; before that, its end is incomplete", async () => {
  const stanzas = [1, 2, 0x8001].map((type) => ({ type, body: new Uint8Array(type === 0x8001 ? 1168 : 80) }));
  for (const maker of [new Maker().epoch({ stanzas }), new Maker().epoch().frame(["a"]).epoch({ stanzas })]) {
    const start = maker.end - maker.parts.at(-1)!.bytes.length;
    const refused = maker.end - 64 - 1168 - 2;
    for (const end of [refused - 1, refused, refused + 1, refused + 2, maker.end - 64, maker.end]) {
      const { error, tail } = await outcome(maker.bytes().subarray(0, end));
      if (end < refused) expect([error, tail]).toEqual([null, end - start]);
      else expect(error?.message, `${end - refused}`).toContain("classic and post-quantum stanzas together");
    }
  }
});

test("any byte changed: what comes is the beginning of what was sealed", async () => {
  const maker = new Maker().epoch().frame(["a"]).frame(["b"]).epoch().frame(["c"]);
  const starts = maker.parts.map((_, i) => joined(maker.parts.slice(0, i)).length);
  for (let at = 0; at < maker.end; at += 1) {
    const bytes = maker.bytes();
    bytes[at]! ^= 1 << (at % 8);
    const { records, error, tail } = await outcome(bytes, { engine: ENGINES[1][1] });
    const part = starts.findLastIndex((start) => start <= at);
    expect(records.join(""), `${at}`).toBe("abc".slice(0, [0, 0, 1, 2, 2][part]));
    // What announces more than is left makes an incomplete end, a frame's length or a header's counts and lengths;
    // anything else is found.
    const announces = part === 0 || part === 3 ? at >= starts[part]! + 117 : at < starts[part]! + 4;
    if (error === null) expect([announces, tail], `${at}`).toEqual([true, maker.end - starts[part]!]);
  }
});

describe("a batch that is authentic and no batch", () => {
  test.each([
    ["with a record that is cut off", encodeBatch(NOW, [new Uint8Array(9)]).subarray(0, -1)],
    ["with half a length", concat(encodeBatch(NOW, [new Uint8Array(9)]), new Uint8Array(3))],
    ["sealed after the year 9999", encodeBatch(253402300800000, [new Uint8Array(9)])],
  ])("%s: malformed, after what is before it", async (_what, batch) => {
    const maker = new Maker().epoch().frame(["a"]).batch(batch).frame(["b"]);
    const { records, error, cursor } = await outcome(maker.bytes());
    const offset = joined(maker.parts.slice(0, 2)).length;
    expect(records).toEqual(["a"]);
    expect(error).toMatchObject({ code: "malformed", frame: 1, offset });
    expect(cursor!.end).toBe(offset);
  });
});

describe("by time", () => {
  const maker = new Maker().epoch().frame(["a"], 1000).frame(["b"], 2000);
  maker.epoch().frame(["c"], 1500).frame(["d"], 3000).frame(["e"], 2000);
  const bytes = maker.bytes();

  test.each([
    [1500, undefined, "bcde"],
    [undefined, 2000, "ac"],
    [1500, 2000, "c"],
    [2000, 2000, ""],
    [3001, undefined, ""],
  ])("from %s to before %s: %s", async (since, until, expected) => {
    const { records, error, tail } = await outcome(bytes, { since, until });
    expect([records.join(""), error, tail]).toEqual([expected, null, 0]);
  });

  test("what is too early is left to a later run, as long as nobody says that it is not wanted", async () => {
    const first = await outcome(bytes, { since: 2000 });
    expect(first.records.join("")).toBe("bde");
    expect(first.cursor).toMatchObject({ epoch: 0, frames: 0 });
    expect(new Set(first.cursors.map(({ end }) => end))).toEqual(new Set([first.cursor!.end]));
    expect((await outcome(bytes, { cursor: first.cursor })).records.join("")).toBe("abcde");
    const skipping = await outcome(bytes, { since: 2000, skipOlder: true });
    expect(skipping.records.join("")).toBe("bde");
    expect((await outcome(bytes, { cursor: skipping.cursor })).records).toEqual([]);
    const all = await outcome(bytes, { since: 1000 });
    expect((await outcome(bytes, { cursor: all.cursor })).records).toEqual([]);
  });

  test("what is too late is left to a later run, what is skipped is not", async () => {
    const first = await outcome(bytes, { since: 2000, until: 3000, skipOlder: true });
    expect(first.records.join("")).toBe("be");
    const second = await outcome(bytes, { cursor: first.cursor });
    expect(second.records.join("")).toBe("de");
    expect((await outcome(bytes, { cursor: second.cursor })).records).toEqual([]);
  });

  test("where the first of all is too late, the cursor stays at its epoch", async () => {
    const { cursor } = await outcome(bytes, { until: 0 });
    expect(cursor).toMatchObject({ epoch: 0, frames: 0, end: maker.parts[0]!.bytes.length });
    expect((await outcome(bytes, { cursor })).records.length).toBe(5);
  });

  test("what is not wanted is checked all the same", async () => {
    const changed = bytes.slice();
    changed[maker.parts[0]!.bytes.length + 20]! ^= 1;
    expect((await outcome(changed, { since: 2000 })).error?.code).toBe("tampered");
  });
});

describe("keys", () => {
  test("of several identities, each epoch is opened by whose it is", async () => {
    const other = await newPerson();
    const maker = new Maker()
      .epoch()
      .frame(["a"])
      .epoch({ recipients: [other.publicKey] })
      .frame(["b"]);
    const identities = [identityFile(recipient), identityFile(other)];
    expect((await outcome(maker.bytes(), { identities })).records.join("")).toBe("ab");
  });

  test("none that opens, and one that does not accept the writer", async () => {
    const bytes = sample().bytes();
    expect((await outcome(bytes, { identities: [identityFile(stranger)] })).error?.code).toBe("no-key");
    const from = [stranger.signingKey.publicKey];
    expect((await outcome(bytes, { from })).error?.code).toBe("untrusted");
    const trusting = identityFile(stranger, [READ.from![0] as Uint8Array<ArrayBuffer>]);
    const accepted = await outcome(bytes, { from: null, identities: [identityFile(recipient), trusting] });
    expect(accepted.error?.code).toBe("untrusted");
  });

  test("an epoch that is opened only by one that does not accept the writer", async () => {
    const maker = new Maker().epoch().frame(["a"]);
    const offset = maker.end;
    maker.epoch({ recipients: [stranger.publicKey] }).frame(["b"]);
    const trusting = identityFile(recipient, [READ.from![0] as Uint8Array<ArrayBuffer>]);
    const read = await outcome(maker.bytes(), { from: null, identities: [trusting, identityFile(stranger)] });
    expect(read.records).toEqual(["a"]);
    expect(read.error).toMatchObject({ code: "untrusted", offset });
  });
});

describe("following", () => {
  /** A journal that is given more whenever its reader waits for it, and then no more. */
  function growing(bytes: Uint8Array, lengths: readonly number[]) {
    const memory = memoryJournal(bytes.subarray(0, lengths[0]));
    let turn = 0;
    const changed = async () => {
      turn += 1;
      if (turn >= lengths.length) await new Promise(() => {});
      memory.bytes = bytes.subarray(0, lengths[turn]);
    };
    return { source: { ...memory, changed }, memory };
  }

  /** What came until so many ends were reached. */
  async function followed(source: JournalSource, ends: number) {
    const end = new AbortController();
    const records: string[] = [];
    const tails: number[] = [];
    const options = { ...READ, engine: ENGINES[1][1], follow: true, signal: end.signal };
    try {
      for await (const step of readJournal(source, options)) {
        if (step.is === "end" && tails.push(step.tail) === ends) end.abort(new Error("the end"));
        if (step.is !== "frames") continue;
        for (const { batch } of step.frames) records.push(new TextDecoder().decode(batch.subarray(12)));
      }
    } catch (error) {
      return { records, tails, error: error as Error & { code?: string; offset?: number } };
    }
    throw new Error("following has no end");
  }

  test("however it grows, each record comes once", async () => {
    const maker = new Maker();
    for (let i = 0; i < 4; i++) {
      maker.epoch();
      for (let j = 0; j < 4; j++) maker.frame([`${i}${j}`]);
    }
    const bytes = maker.bytes();
    const records = Array.from({ length: 16 }, (_, i) => `${i >> 2}${i % 4}`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 }), async (cuts) => {
        const { source } = growing(bytes, [...cuts.sort((a, b) => a - b), bytes.length]);
        const { records: came, error } = await followed(source, cuts.length + 1);
        expect(came).toEqual(records);
        expect(error.message).toBe("the end");
      }),
      { numRuns: 40 },
    );
  });

  test("an incomplete end may be moved aside by the writer that comes back, and an epoch stand in its place", async () => {
    const maker = new Maker().epoch().frame(["a"]);
    const before = maker.bytes();
    const again = new Maker({ previous: maker.chain }).epoch().frame(["b"]);
    const torn = concat(before, maker.frame(["lost"]).parts.at(-1)!.bytes.subarray(0, 100));
    const { source, memory } = growing(torn, [torn.length, torn.length, torn.length]);
    source.changed = async () => {
      memory.bytes = concat(before, again.bytes());
    };
    expect(await followed(source, 2)).toMatchObject({ records: ["a", "b"], tails: [100, 0] });
  });

  test("a journal that is cut off while it is followed", async () => {
    const maker = new Maker().epoch().frame(["a"]).frame(["b"]);
    const { source } = growing(maker.bytes(), [maker.end, maker.end - 1]);
    const { records, error } = await followed(source, 2);
    expect(records).toEqual(["a", "b"]);
    expect(error).toMatchObject({ code: "tampered", offset: maker.end - 1 });
  });

  test("one that is cut off while it is read to its end", async () => {
    const bytes = sample().bytes();
    const source = memoryJournal(bytes);
    const { readAt } = source;
    source.readAt = async (position, length) => {
      const piece = await readAt(position, length);
      // The look for a base.
      if (length < 1000) return piece;
      source.bytes = bytes.subarray(0, 10);
      return position === 0 ? piece.subarray(0, -1) : piece.subarray(0, 0);
    };
    expect((await outcome(source)).error).toMatchObject({ code: "tampered", offset: 10 });
  });

  test("a receiver who stops early leaves no work behind", async () => {
    const source = memoryJournal(sample().bytes());
    let waiting = 0;
    const changed = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        waiting += 1;
        signal.addEventListener("abort", () => {
          waiting -= 1;
          reject(signal.reason);
        });
      });
    for await (const step of readJournal({ ...source, changed }, { ...READ, follow: true }))
      if (step.is === "end") break;
    expect(waiting).toBe(0);
  });

  test("the signal's reason, at once", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const never = () => new Promise<never>(() => {});
    const steps = readJournal(
      { ...memoryJournal(new Uint8Array()), size: never },
      { ...READ, signal: controller.signal },
    );
    await expect(steps.next()).rejects.toThrow("enough");
  });

  test("a signal is heard on the way to a cursor far inside an epoch", async () => {
    const maker = sample();
    const { cursor } = await outcome(maker.bytes());
    const frames = 20_000;
    const bytes = concat(maker.bytes(), new Uint8Array(200 * frames));
    const signal = AbortSignal.timeout(10);
    const steps = readJournal(memoryJournal(bytes), {
      ...READ,
      cursor: { ...cursor!, frames, end: bytes.length },
      signal,
    });
    await expect(steps.next()).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
