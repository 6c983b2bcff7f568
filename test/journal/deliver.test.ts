// Records on their way to an output: the framings, and a cursor that is never ahead of what was delivered.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealError } from "../../src/errors.js";
import type { Sink } from "../../src/flow/io.js";
import { type Entry, encodeBatch } from "../../src/format/batch.js";
import type { Cursor } from "../../src/format/cursor.js";
import { encodeHeads, type Heads } from "../../src/format/heads.js";
import { type DeliverOptions, deliver, type Format } from "../../src/journal/reading/deliver.js";
import { NOW } from "../files/samples.js";
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
    format: "lines",
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
  expect(delivered).toEqual({
    epochs: 3,
    frames: 5,
    skippedEpochs: 0,
    skippedFrames: 0,
    records: 11,
    base: null,
    tail: 0,
    digest,
  });
  expect(core.label).toBe("x");
  expect(saved.map(({ cursor }) => cursor.end)).toEqual([made.end]);
});

test("lengths, of records that hold anything", async () => {
  const records = [Uint8Array.of(10, 0, 255), new Uint8Array(0), new Uint8Array(266).fill(10)];
  const { run, sink } = delivery({ format: "length" });
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

test.each(["lines", "length"] as const)("heads change nothing of what is written as %s", async (format) => {
  const heads = encodeHeads({ type: "text/plain", text: "\n\n" })!;
  const records = ["a", "", "bcd", "e"].map((text) => new TextEncoder().encode(text));
  const without = delivery({ format });
  await without.run(new Maker().epoch().frame(records).frame(["f"]).bytes());
  const headed = records.map((record, i) => (i === 3 ? record : { record, heads }));
  const withHeads = delivery({ format });
  await withHeads.run(new Maker().epoch().batch(encodeBatch(NOW, headed)).frame(["f"]).bytes());
  expect(withHeads.sink.released().toString()).toBe(without.sink.released().toString());
});

/** What comes as objects, one a line, of records with heads; two frames in two epochs. */
async function objects(format: Format, label = "", ...records: Entry[]): Promise<Record<string, unknown>[]> {
  const made = new Maker({ label }).epoch().frame(["first"]).epoch().frame(["a"]).batch(encodeBatch(NOW, records));
  const { run, sink } = delivery({ format });
  const { records: count } = await run(made.bytes());
  const lines = sink.released().toString().split("\n");
  expect([lines.pop(), lines.length, count]).toEqual(["", records.length + 2, records.length + 2]);
  return lines.slice(2).map((line) => JSON.parse(line) as Record<string, unknown>);
}

const headed = (record: string | Uint8Array, heads: Heads): Entry => ({
  record: typeof record === "string" ? new TextEncoder().encode(record) : record,
  heads: encodeHeads(heads)!,
});
const ISO = new Date(NOW).toISOString();

describe("json", () => {
  test("time, place, heads, and the record as text or as base64, whatever is in it", async () => {
    const heads = { type: "text/plain", text: '\n\u0000\u2028"' };
    const binary = Uint8Array.of(0xff, 0xfe, 10);
    const all = await objects("json", "x", headed("a\n\u0000\ud83d\udd12\ufeff", heads), binary, new Uint8Array());
    const epoch = (all[0]!.place as string).split("/")[0];
    expect(Number(epoch)).toBeGreaterThan(300);
    expect(all).toEqual([
      { time: ISO, place: `${epoch}/1/0`, heads, data: "a\n\u0000\ud83d\udd12\ufeff" },
      { time: ISO, place: `${epoch}/1/1`, heads: {}, data_base64: "//4K" },
      { time: ISO, place: `${epoch}/1/2`, heads: {}, data: "" },
    ]);
  });

  test("any record comes back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 8 }), async (records) => {
        const found = await objects("json", "", ...records);
        const back = found.map(({ data, data_base64: base64 }) =>
          base64 === undefined ? Buffer.from(data as string) : Buffer.from(base64 as string, "base64"),
        );
        expect(back.map((each) => each.toString("hex"))).toEqual(
          records.map((each) => Buffer.from(each).toString("hex")),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("a frame that is many times as long as text is written in pieces, and has its cursor only at its end", async () => {
    const made = new Maker({ exponent: 20 })
      .epoch()
      .frame(["0"])
      .batch(encodeBatch(NOW, Array(50_000).fill(new Uint8Array())));
    const sizes: number[] = [];
    const sink = memorySink();
    const { run, saved } = delivery({ format: "json" }, sink);
    const write = sink.write.bind(sink);
    sink.write = async (bytes, position) => {
      sizes.push(bytes.length);
      if (sizes.length === 4) throw new SealError("io", "the disk is full");
      return write(bytes, position);
    };
    expect((await failure(run(made.bytes()))).code).toBe("io");
    expect(Math.max(...sizes)).toBeLessThan(600_000);
    expect(saved).toEqual([]);
  });
});

describe("cloudevents", () => {
  test("what the heads do not say is filled in", async () => {
    const [text, binary] = await objects("cloudevents", "a b", headed("x", { producer: "shop" }), Uint8Array.of(255));
    const place = text!.id as string;
    expect(text).toEqual({
      specversion: "1.0",
      id: expect.stringMatching(/^\d+\/1\/0$/),
      source: expect.stringMatching(/^urn:seal-journal:[0-9a-f]{64}#a%20b$/),
      type: "seal.record",
      time: ISO,
      producer: "shop",
      datacontenttype: "text/plain",
      data: "x",
    });
    expect(binary).toMatchObject({
      id: place.replace(/0$/, "1"),
      datacontenttype: "application/octet-stream",
      data_base64: "/w==",
    });
  });

  test("attributes are those of the heads; what no event can have is left out, and none takes the place of the data", async () => {
    const heads = {
      "ce-specversion": "9",
      "ce-id": "17",
      "ce-source": "/shop",
      "ce-type": "order",
      "ce-time": "yesterday",
      "ce-data": "forged",
      "ce-data-base64": "forged",
      "ce-subject": "",
      "ce-producer": "forged",
      time: "2026-01-31T12:00:00.000Z",
      producer: "shop",
      type: "application/json; charset=utf-8",
    };
    const [event] = await objects("cloudevents", "", headed('{"big": 12345678901234567890,\r\n "a": 1}', heads));
    const { data, ...attributes } = event!;
    expect(attributes).toEqual({
      specversion: "1.0",
      id: "17",
      source: "/shop",
      type: "order",
      time: "2026-01-31T12:00:00.000Z",
      producer: "shop",
      datacontenttype: "application/json; charset=utf-8",
    });
    expect(data).toEqual(JSON.parse('{"big": 12345678901234567890, "a": 1}'));
  });

  test("JSON stands digit by digit as it was sent", async () => {
    const { run, sink } = delivery({ format: "cloudevents" });
    const record = headed('{"big":\n12345678901234567890}', { type: "application/x+json" });
    await run(
      new Maker()
        .epoch()
        .batch(encodeBatch(NOW, [record]))
        .bytes(),
    );
    expect(sink.released().toString()).toContain('"data":{"big": 12345678901234567890}}\n');
  });

  const EVENT = '{"specversion":"1.0","id":"17","source":"/shop","type":"order","data":{"big":12345678901234567890}}';
  const STRUCTURED = "application/cloudevents+json; charset=utf-8";

  test("a record that is an event stands as it came, and its producer is the writer's word", async () => {
    const { run, sink } = delivery({ format: "cloudevents" });
    const records = [
      headed(` ${EVENT.replace(",", ",\r\n")}\n`, { type: STRUCTURED }),
      headed(EVENT, { type: STRUCTURED, producer: "shop" }),
      headed(EVENT.replace("{", '{"\\u0070roducer":"forged",'), { type: STRUCTURED, producer: "shop" }),
    ];
    await run(new Maker().epoch().batch(encodeBatch(NOW, records)).bytes());
    const [first, second, third] = sink.released().toString().split("\n");
    expect(first).toBe(EVENT.replace(",", ",  "));
    expect(second).toBe(EVENT.replace("{", '{"producer":"shop",'));
    expect(JSON.parse(third!)).toEqual({ ...JSON.parse(EVENT), producer: "shop" });
    expect(third).not.toContain("forged");
  });

  test.each(["[]", "{", '{"specversion":"1.0","id":"17","source":"/shop"}', EVENT.replace("1.0", "0.3")])(
    "what is said to be an event and is none is the data of one: %s",
    async (text) => {
      const [event] = await objects("cloudevents", "", headed(text, { type: STRUCTURED }));
      expect(event).toMatchObject({ specversion: "1.0", type: "seal.record", datacontenttype: STRUCTURED });
    },
  );

  test.each(["{", "\ufeff1", "", "NaN", "["])("what is said to be JSON and is none is base64: %j", async (text) => {
    const [event] = await objects("cloudevents", "", headed(text, { type: "application/json" }));
    expect(event).toMatchObject({ data_base64: Buffer.from(text).toString("base64") });
    expect(event).not.toHaveProperty("data");
  });
});

describe("a record with a newline", () => {
  test.each(["\n", "a\n", "\na", "a\nb"])("%j: nothing of its frame, everything before it", async (record) => {
    const made = new Maker().epoch().frame(["0"]).frame(["1", "ok", record, "\n"]).frame(["2"]);
    const { run, sink, saved } = delivery();
    const error = await failure(run(made.bytes()));
    expect(error).toMatchObject({ code: "usage", frame: 1, reason: "newline" });
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
    expect(await run(made.bytes())).toMatchObject({
      epochs: 1,
      frames: 0,
      skippedEpochs: 0,
      skippedFrames: 0,
      records: 0,
    });
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
    const options = { ...READ, format: "lines" as const, flush: async () => {}, follow: true, signal: end.signal };
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
