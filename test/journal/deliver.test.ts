// Records on their way to an output: the framings, and a cursor that is never ahead of what was delivered.

import { describe, expect, test } from "vitest";
import { SealError } from "../../src/errors.js";
import type { Cursor } from "../../src/journal/cursor.js";
import { type DeliverOptions, deliver } from "../../src/journal/deliver.js";
import type { Sink } from "../../src/ops/io.js";
import { failure, memorySink } from "../support.js";
import { joined, Maker, memoryJournal, sample } from "./maker.js";
import { outcome, READ } from "./reading.js";

interface Saved {
  readonly cursor: Cursor;
  /** What the sink had then. */
  readonly released: string;
}

function delivery(options: Partial<DeliverOptions> = {}, sink = memorySink()) {
  const saved: Saved[] = [];
  let flushed = -1;
  const all: DeliverOptions = {
    ...READ,
    framing: "lines",
    flush: async () => {
      flushed = sink.released().length;
    },
    save: async (cursor) => {
      expect(options.flush === null ? sink.state : flushed).toBe(
        options.flush === null ? "committed" : sink.released().length,
      );
      saved.push({ cursor, released: sink.released().toString("latin1") });
    },
    ...options,
  };
  return { sink, saved, run: (bytes: Uint8Array, to: Sink = sink) => deliver(memoryJournal(bytes), to, all) };
}

const LINES = "0\n1\n2\n3\n\n4\n5\n6\n7\n8\n9\n";

test("lines; counts, and the digest", async () => {
  const made = sample({ label: "x" });
  const { run, sink, saved } = delivery();
  const { core, ...delivered } = await run(made.bytes());
  expect(sink.released().toString()).toBe(LINES);
  expect(sink.state).toBe("committed");
  const digest = Buffer.from(made.chain).toString("hex");
  expect(delivered).toEqual({ epochs: 3, frames: 5, records: 11, tail: 0, digest });
  expect(core.label).toBe("x");
  expect(saved.map(({ cursor }) => cursor.end)).toEqual([made.end]);
});

test("lengths, of records that hold anything", async () => {
  const records = [Uint8Array.of(10, 0, 255), new Uint8Array(0), new Uint8Array(266).fill(10)];
  const { run, sink } = delivery({ framing: "length" });
  await run(new Maker().epoch().frame(records.slice(0, 2)).frame(records.slice(2)).bytes());
  const expected = records.flatMap((record) => [0, 0, record.length >> 8, record.length % 256, ...record]);
  expect([...sink.released()]).toEqual(expected);
});

test("lengths that look like newlines are none", async () => {
  const records = [10, 266, 2570, 10].map((length) => "r".repeat(length));
  const { run, sink } = delivery();
  await run(new Maker().epoch().frame(records, 0x0a0a0a0a0a).frame(["", "last"]).bytes());
  expect(sink.released().toString()).toBe(`${records.join("\n")}\n\nlast\n`);
});

describe("a record with a newline", () => {
  test.each(["\n", "a\n", "\na", "a\nb"])("%j: nothing of its frame, everything before it", async (record) => {
    const made = new Maker().epoch().frame(["0"]).frame(["1", "ok", record, "\n"]).frame(["2"]);
    const { run, sink, saved } = delivery();
    const error = await failure(run(made.bytes()));
    expect(error).toMatchObject({ code: "usage", chunk: 1, hint: expect.stringContaining("--framing length") });
    expect(error.message).toMatch(/^record 2 of frame 1 /);
    expect(sink.released().toString()).toBe("0\n");
    expect(sink.state).toBe("aborted");
    expect(saved.at(-1)!.cursor.end).toBe(joined(made.parts.slice(0, 2)).length);
  });
});

describe("the cursor", () => {
  test("after a failure: of what was delivered before it", async () => {
    const made = sample();
    const bytes = made.bytes();
    bytes[bytes.length - 1]! ^= 1;
    const { run, saved, sink } = delivery();
    expect((await failure(run(bytes))).code).toBe("tampered");
    expect(sink.released().toString()).toBe(LINES.slice(0, -4));
    expect(saved.at(-1)!.cursor).toEqual((await outcome(made.bytes())).cursors.at(-2));
    expect(saved.at(-1)!.released).toBe(LINES.slice(0, -4));
  });

  test("of an output that shows when it is whole: saved when it is, and not where it fails", async () => {
    const made = sample();
    const good = delivery({ flush: null });
    await good.run(made.bytes());
    expect(good.saved.length).toBe(1);
    const bytes = made.bytes();
    bytes[bytes.length - 1]! ^= 1;
    const bad = delivery({ flush: null });
    expect((await failure(bad.run(bytes))).code).toBe("tampered");
    expect([bad.saved, bad.sink.state]).toEqual([[], "aborted"]);
  });

  test("where the output fails, it is not saved", async () => {
    const { run, saved, sink } = delivery();
    const broken = { ...sink, write: () => Promise.reject(new SealError("io", "it is full")) };
    expect((await failure(run(sample().bytes(), broken))).message).toBe("it is full");
    expect(saved).toEqual([]);
  });

  test("nor that of what was written before: whoever has gone may not have taken it", async () => {
    const maker = new Maker({ exponent: 20 }).epoch();
    for (let i = 0; i < 3; i++) maker.frame(["x".repeat(900_000)]);
    const { run, saved, sink } = delivery();
    const write: Sink["write"] = async (bytes, position) => {
      if (position > 0) throw new SealError("io", "it has gone");
      await sink.write(bytes, position);
    };
    expect((await failure(run(maker.bytes(), { ...sink, write }))).message).toBe("it has gone");
    expect(sink.released().length).toBe(900_001);
    expect(saved).toEqual([]);
  });

  test("where the output cannot be flushed, it is not saved, even if it can be afterwards", async () => {
    let attempts = 0;
    const flush = async () => {
      if (attempts++ === 0) throw new SealError("io", "the disk is broken");
    };
    const saved: Cursor[] = [];
    const { run } = delivery({ flush, save: async (cursor) => void saved.push(cursor) });
    expect((await failure(run(sample().bytes()))).message).toBe("the disk is broken");
    expect(saved).toEqual([]);
  });

  test("where it cannot be saved, that is told of", async () => {
    const { run, sink } = delivery({ save: () => Promise.reject(new SealError("io", "no room for it")) });
    expect((await failure(run(sample().bytes()))).message).toBe("no room for it");
    expect(sink.state).toBe("aborted");
  });

  test("a run that finds nothing new does not replace it", async () => {
    const made = sample();
    const { cursor } = await outcome(made.bytes());
    const { run, saved } = delivery({ cursor });
    expect(await run(made.bytes())).toMatchObject({ epochs: 1, frames: 0, records: 0 });
    expect(saved).toEqual([]);
  });

  test("while following: whenever there is nothing more for now, and when it is interrupted", async () => {
    const made = sample();
    const source = memoryJournal(made.bytes().subarray(0, -5));
    const end = new AbortController();
    const { saved, sink } = delivery();
    const seen: number[] = [];
    const changed = async () => {
      // What came is delivered, with its cursor, before more is waited for.
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(saved.length);
      if (source.bytes.length === made.end) end.abort(new SealError("interrupted", "enough"));
      source.bytes = made.bytes();
    };
    const options = { ...READ, framing: "lines" as const, flush: async () => {}, follow: true, signal: end.signal };
    const save = async (cursor: Cursor) => void saved.push({ cursor, released: sink.released().toString() });
    const following = { ...source, size: async () => source.bytes.length, readAt: source.readAt, changed };
    expect((await failure(deliver(following, sink, { ...options, save }))).code).toBe("interrupted");
    expect(seen).toEqual([1, 2]);
    expect(saved.map(({ released }) => released)).toEqual([LINES.slice(0, -4), LINES]);
    expect(saved.at(-1)!.cursor.end).toBe(made.end);
  });
});

describe("what is no journal", () => {
  test.each([
    ["nothing", new Uint8Array(), "malformed"],
    ["half a magic", sample().bytes().subarray(0, 5), "malformed"],
    ["half a header", sample().bytes().subarray(0, 150), "tampered"],
    ["text", new TextEncoder().encode("hello"), "malformed"],
  ])("%s", async (_what, bytes, code) => {
    const { run, sink } = delivery();
    expect((await failure(run(bytes))).code).toBe(code);
    expect(sink.state).toBe("aborted");
  });
});
