// A journal on a web server: what is asked for, that it may grow from one request to the next, and servers that give no
// parts.

import { afterEach, describe, expect, test } from "vitest";
import { concat } from "../../../src/bytes.js";
import { native } from "../../../src/crypto/native.js";
import type { Cursor } from "../../../src/format/cursor.js";
import { openJournalUrl } from "../../../src/io/journals/remote.js";
import { readJournal } from "../../../src/journal/reading/reader.js";
import { shorten } from "../../../src/journal/writing/shorten.js";
import { NOW, sender } from "../../files/samples.js";
import { Maker, sample } from "../../journal/maker.js";
import { memoryStore } from "../../journal/memory-store.js";
import { outcome, READ } from "../../journal/reading.js";
import { failure } from "../../support.js";
import { type Manners, type Site, serving, site } from "../server.js";

const RECORDS = ["0", "1", "2", "3", "", "4", "5", "6", "7", "8", "9"];
const sites: Site[] = [];

afterEach(async () => {
  for (const one of sites.splice(0)) await one.close();
});

async function served(bytes: Uint8Array, manners: Manners = {}): Promise<Site> {
  const one = await site(serving(bytes, manners));
  sites.push(one);
  return one;
}

async function read(one: Site, options: Parameters<typeof outcome>[1] = {}) {
  const source = await openJournalUrl(`${one.url}/journal`, { patience: { delay: 5 } });
  try {
    return await outcome(source, options);
  } finally {
    await source.close();
  }
}

/** A journal with a long past and three new records. */
function long(): { bytes: Uint8Array; cursor: Promise<Cursor>; past: number } {
  const maker = new Maker().epoch();
  for (let i = 0; i < 400; i++) maker.frame([new Uint8Array(3000)]);
  maker.epoch().frame(["old"]);
  const past = maker.end;
  const cursor = outcome(maker.bytes()).then(({ cursor }) => cursor!);
  return { bytes: maker.frame(["new"]).epoch().frame(["newer"]).bytes(), cursor, past };
}

test("a journal is read", async () => {
  const one = await served(sample().bytes());
  expect(await read(one)).toMatchObject({ records: RECORDS, error: null, tail: 0 });
});

test("with a cursor, only what is new is fetched: the first core, the epoch's header, and what is behind the cursor", async () => {
  const { bytes, cursor, past } = long();
  const one = await served(bytes);
  const from = await cursor;
  expect(from.end).toBe(past);
  expect(await read(one, { cursor: from })).toMatchObject({ records: ["new", "newer"], error: null });
  const last = bytes.length - 1;
  const ranges = one.asked.map(({ headers }) => headers.range);
  expect(ranges).toEqual(["bytes=0-65535", `bytes=${from.epoch}-${last}`, `bytes=${past}-${last}`]);
});

test("what grew between two requests, with another ETag, is no other journal", async () => {
  const whole = sample().bytes();
  const turns = [0.2, 0.5, 0.7, 1];
  const one = await served(whole, {
    body: (turn) => whole.subarray(0, Math.round(whole.length * (turns[turn] ?? 1))),
    headers: (turn) => ({ etag: `"${turn}"` }),
    drops: [900],
  });
  const { records, error } = await read(one);
  expect(error).toBe(null);
  expect(records).toEqual(RECORDS.slice(0, records.length));
  expect(one.asked.some(({ headers }) => "if-range" in headers)).toBe(false);
  expect(one.asked.every(({ headers }) => headers["cache-control"] === "no-cache")).toBe(true);
});

test("a connection that breaks is taken up again", async () => {
  const { bytes } = long();
  const one = await served(bytes, { drops: [undefined, 300_000, 300_000] });
  const { records, error } = await read(one);
  expect([records.length, error]).toEqual([403, null]);
});

describe("with a cursor, one that is no longer what it was", () => {
  test("cut off: tampered, and nothing new: nothing", async () => {
    const { bytes, cursor, past } = long();
    const from = await cursor;
    expect((await read(await served(bytes.subarray(0, past - 1)), { cursor: from })).error?.code).toBe("tampered");
    expect(await read(await served(bytes.subarray(0, past)), { cursor: from })).toMatchObject({
      records: [],
      error: null,
    });
    expect((await read(await served(new Uint8Array()), { cursor: from })).error?.code).toBe("tampered");
  });

  test("shortened while it is read: it is read on, wherever it stands now", async () => {
    const maker = new Maker({ exponent: 16 });
    const numbers = Array.from({ length: 60 }, (_, i) => String(i));
    for (const [i, number] of numbers.entries()) {
      if (i % 10 === 0) maker.epoch();
      maker.frame([number, new Uint8Array(30_000)]);
    }
    const bytes = maker.bytes();
    const { cursors } = await outcome(bytes);
    const store = memoryStore(bytes);
    await shorten(store, { suite: native, signer: sender.signingKey, limit: { cursor: cursors[10]! }, now: NOW });
    const short = store.bytes;
    let turns = 0;
    const body = (turn: number) => {
      turns = turn + 1;
      return turn < 2 ? bytes : short;
    };
    const headers = (turn: number) => ({ etag: turn < 2 ? '"long"' : '"short"' });
    const one = await served(bytes, { body, headers, drops: [undefined, 700_000] });
    const { records, error } = await read(one);
    expect(error).toBeNull();
    expect(records.filter((record) => record.length < 10)).toEqual(numbers);
    expect(turns).toBeGreaterThan(2);
  });

  test("cut off while it is read", async () => {
    const { bytes } = long();
    const body = (turn: number) => (turn < 2 ? bytes : bytes.subarray(0, 200_000));
    const { records, error } = await read(await served(bytes, { body, drops: [undefined, 300_000] }));
    expect(records.length).toBeGreaterThan(90);
    expect(error).toMatchObject({ code: "tampered", offset: 200_000 });
  });
});

describe("following", () => {
  async function followed(one: Site, ends: number) {
    const end = new AbortController();
    const source = await openJournalUrl(one.url, { wait: 5 });
    const came: string[] = [];
    let reached = 0;
    try {
      for await (const step of readJournal(source, { ...READ, follow: true, signal: end.signal })) {
        if (step.is === "frames")
          came.push(...step.frames.map(({ batch }) => Buffer.from(batch.subarray(12)).toString()));
        if (step.is === "end" && ++reached === ends) end.abort(new Error("the end"));
      }
    } catch (error) {
      return { came, error: error as Error & { code?: string } };
    } finally {
      await source.close();
    }
    throw new Error("following has no end");
  }

  const maker = new Maker().epoch().frame(["a"]).frame(["b"]).epoch().frame(["c"]);
  const bytes = maker.bytes();

  test("what is added comes, each once; a server that has nothing new is asked again", async () => {
    const lengths = [0, 100, 500, 500, 501, bytes.length];
    let turn = 0;
    const one = await site((request, response, self) => {
      const part = bytes.subarray(0, lengths[Math.min(turn++ >> 1, lengths.length - 1)]);
      serving(part)(request, response, self);
    });
    sites.push(one);
    const { came, error } = await followed(one, 12);
    expect(came).toEqual(["a", "b", "c"]);
    expect(error.message).toBe("the end");
  });

  test("an answer of an older version, which is shorter, does not end it", async () => {
    const maker = new Maker().epoch();
    for (let i = 0; i < 50; i++) maker.frame([new Uint8Array(3000)]);
    const old = maker.bytes();
    const one = await served(maker.frame(["new"]).bytes(), {
      body: (turn) => (turn === 1 ? old : maker.bytes()),
    });
    const { came, error } = await followed(one, 2);
    expect(came.length).toBe(51);
    expect(error.message).toBe("the end");
  });

  test("an incomplete end may be moved aside by the writer that comes back, and an epoch stand in its place", async () => {
    const maker = new Maker().epoch().frame(["a"]);
    const before = maker.bytes();
    const again = new Maker({ previous: maker.chain }).epoch().frame(["b"]).bytes();
    const torn = maker.frame(["lost"]).bytes().subarray(0, -10);
    const body = (turn: number) => (turn === 0 ? torn : concat(before, again));
    const { came, error } = await followed(await served(torn, { body }), 2);
    expect(came).toEqual(["a", "b"]);
    expect(error.message).toBe("the end");
  });

  test("one that is cut off", async () => {
    let asked = 0;
    const one = await site((request, response, self) => {
      asked += 1;
      serving(asked > 3 ? bytes.subarray(0, 300) : bytes)(request, response, self);
    });
    sites.push(one);
    const { error } = await followed(one, 99);
    expect(error.code).toBe("tampered");
  });

  test("a server that gives no parts cannot be followed", async () => {
    const { came, error } = await followed(await served(bytes, { ignoresRange: true }), 99);
    expect(came).toEqual(["a", "b", "c"]);
    expect(error.code).toBe("io");
    expect(error.message).toMatch(/cannot be followed/);
  });
});

describe("a server that gives no parts", () => {
  test("what was read before is passed over", async () => {
    const { bytes, cursor } = long();
    const one = await served(bytes, { ignoresRange: true });
    expect(await read(one, { cursor: await cursor })).toMatchObject({ records: ["new", "newer"], error: null });
    expect(one.asked.length).toBe(1);
  });

  test("nor says how long it is: refused", async () => {
    const one = await served(sample().bytes(), { ignoresRange: true, chunked: true });
    const error = await failure(openJournalUrl(one.url));
    expect(error).toMatchObject({ code: "io", message: expect.stringMatching(/does not say how long/) });
  });
});
