// The routes, over a real connection, with a disk that does what a test wants. What is documented for each route is
// checked against what comes.

import { connect, type Socket } from "node:net";
import { Identity, JournalReader, type JournalRecord, JournalWriter, SealError } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test, vi } from "vitest";
import { Overtaken } from "../../src/codes.js";
import { PROBLEMS } from "../../src/problem.js";
import { parseLedger, placeIn } from "../../src/retention/ledger.js";
import { Directory } from "../../src/store/directory/store.js";
import { createToken, revokeToken } from "../../src/store/tokens.js";
import type { OpenWriter } from "../../src/writer.js";
import { fakeDisk } from "../fake-writer.js";
import { logged } from "../log.js";
import { type Running, responses, type Settings, startService, user } from "../service.js";

async function start(settings: Settings = {}): Promise<Running & { disk: ReturnType<typeof fakeDisk> }> {
  const disk = fakeDisk();
  return { ...(await startService(disk.openWriter, settings)), disk };
}

type Head = Record<string, string>;

/** Kinds of problems that have been seen in a response. */
const seen = new Set<string>();

async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const body = (await response.json()) as { type: string; status: number; title: string; detail: string };
  expect(body.status).toBe(response.status);
  expect(Object.keys(body)).toEqual(["type", "title", "status", "detail"]);
  const name = body.type.replace("urn:seal-inbox:", "");
  expect(PROBLEMS[name as keyof typeof PROBLEMS].status).toBe(response.status);
  seen.add(name);
  return name;
}

const KEY = "0b2f3c9e-7a51-4f0e-8f60-3f1ad2c1b7aa";
const diskError = (code: string) =>
  new SealError("io", `cannot write: ${code}`, { cause: Object.assign(new Error(), { code }) });

describe("records", () => {
  test("one, and many", async () => {
    const { post, disk } = await start();
    const one = await post(Buffer.from([0, 10, 255]));
    expect([one.status, one.headers.get("content-type"), await one.json()]).toEqual([
      201,
      "application/json; charset=utf-8",
      { records: 1, journal: "05".repeat(32), offset: 0, time: disk.heads[0]![0]!.time },
    ]);
    const many = await post("a\n\nb", { "content-type": "application/x-ndjson; charset=utf-8" });
    expect([many.status, await many.json()]).toMatchObject([201, { records: 3, offset: 8 + 4 + 16 + 32 + 64 }]);
    expect(disk.written.map((records) => records.map((record) => Buffer.from(record).toString("latin1")))).toEqual([
      ["\u0000\n\u00ff"],
      ["a", "", "b"],
    ]);
  });

  test("without an announced length", async () => {
    const { post, disk, service } = await start();
    const body = () => new Blob(["stream"]).stream();
    expect((await post(body())).status).toBe(201);
    expect(Buffer.from(disk.written[0]![0]!).toString()).toBe("stream");
    expect(service.admission.held).toBe(0);
  });

  test("201 is said when the record is on disk, not before", async () => {
    const { post, disk } = await start();
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    let status = 0;
    const answer = post("x").then((response) => {
      status = response.status;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(status).toBe(0);
    go();
    await answer;
    expect(status).toBe(201);
  });

  test("a retry is answered alike and not done again", async () => {
    const { post, disk, url } = await start();
    const headers = { "idempotency-key": KEY };
    const answers = [await post("x", headers), await post("x", headers)];
    const told = answers.map(async (response) => [response.status, await response.json()]);
    expect(await Promise.all(told)).toEqual([
      [201, { records: 1, journal: "05".repeat(32), offset: 0, time: expect.any(String) }],
      [201, { records: 1 }],
    ]);
    expect(await (await post("x", { "idempotency-key": `"${KEY}"` })).json()).toEqual({ records: 1 });
    expect(disk.written.length).toBe(1);
    const other = await post("y", headers);
    expect([other.status, await problemOf(other)]).toEqual([422, "key-reused"]);
    const lines = await post("x", { ...headers, "content-type": "application/x-ndjson" });
    expect(await problemOf(lines)).toBe("key-reused");
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("seal_inbox_replays_total 2\n");
  });

  test("a key that could be guessed is none", async () => {
    const { post } = await start();
    for (const key of ["order-17", "a b".repeat(20), "x".repeat(129)]) {
      expect(await problemOf(await post("x", { "idempotency-key": key }))).toBe("bad-key");
    }
  });

  test("more keys than can be kept", async () => {
    const { post } = await start({ maxKeys: 1 });
    expect((await post("x", { "idempotency-key": KEY })).status).toBe(201);
    const second = await post("x", { "idempotency-key": `${KEY}2` });
    expect([second.status, await problemOf(second), second.headers.get("retry-after")]).toEqual([
      503,
      "too-many-keys",
      "60",
    ]);
  });

  test("more than the quotas", async () => {
    const limits = { rate: 4, burst: 4, bytes: 4, keys: 1 };
    for (const who of ["inbox", "producer"] as const) {
      const { post, directory, place } = await start();
      const of = who === "inbox" ? "inbox" : "producers";
      await directory.change("till", (before) => ({ ...before, quotas: { ...before.quotas, [of]: limits } }));
      expect((await post("x", { "idempotency-key": KEY })).status).toBe(201);
      const { token } = await createToken(place, "producer", who === "inbox" ? "other" : "shop");
      const send = (body: string, more = {}) => post(body, { authorization: `Bearer ${token}`, ...more });
      for (const [due, response] of [
        [`${who}-keys`, await send("x", { "idempotency-key": `${KEY}2` })],
        [`${who}-bytes`, await send("xxxx")],
      ] as const)
        expect([response.status, await problemOf(response)]).toEqual([429, due]);
      const many = await Promise.all(Array.from({ length: 10 }, () => send("x")));
      const names = await Promise.all(many.filter(({ status }) => status === 429).map(problemOf));
      expect(names).toContain(`${who}-rate`);
    }
  });

  test("no record", async () => {
    const { post } = await start();
    expect(await problemOf(await post(""))).toBe("no-record");
    expect(await problemOf(await post("", { "content-type": "application/x-ndjson" }))).toBe("no-record");
  });

  test("what is not taken", async () => {
    const { post } = await start();
    for (const headers of [
      { "content-type": "application/x-www-form-urlencoded" },
      { "content-type": "application/xml" },
    ]) {
      const response = await post("x", headers as Record<string, string>);
      expect([response.status, await problemOf(response)]).toEqual([415, "media-type"]);
      expect(response.headers.get("accept-encoding")).toBe(null);
    }
    const encoded = await post("x", { "content-encoding": "br" });
    expect([encoded.status, await problemOf(encoded)]).toEqual([415, "content-encoding"]);
    const damaged = await post("x", { "content-encoding": "gzip" });
    expect([damaged.status, await problemOf(damaged)]).toEqual([400, "bad-encoding"]);
  });

  test("a body that is coded for the way", async () => {
    const { url, producer, disk } = await start();
    const coded = postOf(producer, 0, "1\r\nx\r\n0\r\n\r\n").replace(
      "Content-Length: 0",
      "Connection: close\r\nTransfer-Encoding: gzip, chunked",
    );
    expect(await raw(url, coded)).toMatch(/^HTTP\/1\.1 415 .*urn:seal-inbox:media-type/s);
    expect(disk.written).toEqual([]);
  });

  test("a body that is too long, announced or not", async () => {
    const { post, disk, service } = await start({ maxBody: 1000 });
    expect((await post(Buffer.alloc(1000))).status).toBe(201);
    for (const body of [Buffer.alloc(1001), new Blob([Buffer.alloc(1001)]).stream()]) {
      const response = await post(body);
      expect([response.status, await problemOf(response)]).toEqual([413, "too-large"]);
    }
    expect(disk.written.length).toBe(1);
    expect(service.admission.held).toBe(0);
  });

  test("a body that breaks off is no record", async () => {
    const { url, producer, service, disk } = await start();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(postOf(producer, 10, "half"));
    for (let i = 0; i < 500 && service.admission.held === 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(service.admission.held).toBe(10);
    socket.destroy();
    for (let i = 0; i < 500 && service.admission.held > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(service.admission.held).toBe(0);
    expect(disk.written).toEqual([]);
  });
});

describe("heads of records", () => {
  test("when it came, from whom, what it is; and an id that is the same for a retry and tells no key", async () => {
    const { post, disk } = await start();
    const before = Date.now();
    await post("x", { "content-type": " text/plain; charset=utf-8 " });
    await post("a\nb", { "content-type": "application/x-ndjson" });
    await post("x", { "idempotency-key": KEY });
    await post("y", { "idempotency-key": `${KEY}2` });
    const [[single], lines, [keyed], [other]] = disk.heads as [Head[], Head[], Head[], Head[]];
    expect(single).toEqual({ producer: "shop", type: "text/plain; charset=utf-8", time: expect.any(String) });
    const time = Date.parse(single!.time!);
    expect(time >= before && time <= Date.now() && new Date(time).toISOString() === single!.time).toBe(true);
    expect(lines).toEqual(Array(2).fill({ producer: "shop", time: expect.any(String) }));
    expect(keyed!.id).toMatch(/^[0-9a-f]{32}$/);
    expect(other!.id).not.toBe(keyed!.id);
    expect(JSON.stringify(disk.heads)).not.toContain(KEY.slice(0, 8));
  });

  test("the attributes of an event in binary mode, decoded; no other header", async () => {
    const { post, disk } = await start();
    const event = {
      "ce-specversion": "1.0",
      "CE-Type": "order",
      "ce-source": "/shop?a=1&b=%25",
      "ce-id": '"a \\"b\\""',
      "ce-subject": "Gr%C3%BC%C3%9Fe %F0%9F%94%92",
      "x-other": "none",
    };
    expect((await post("x", event)).status).toBe(201);
    expect(disk.heads[0]![0]).toEqual({
      "ce-specversion": "1.0",
      "ce-type": "order",
      "ce-source": "/shop?a=1&b=%",
      "ce-id": 'a "b"',
      "ce-subject": "Gr\u00fc\u00dfe \u{1f512}",
      producer: "shop",
      time: expect.any(String),
      type: "application/octet-stream",
    });
  });

  test.each<[string, Record<string, string>]>([
    ["a name that is no attribute's", { "ce-a_b": "x" }],
    ["a name without anything behind ce-", { "ce-": "x" }],
    ["a name of 62 characters", { [`ce-${"a".repeat(62)}`]: "x" }],
    ["a percent sign that encodes nothing", { "ce-id": "100%" }],
    ["bytes that are no UTF-8", { "ce-id": "%ff" }],
    ["a character that is not encoded", { "ce-id": "\u00fc" }],
    ["more than 4096 bytes", { "ce-id": "x".repeat(4097) }],
    ["more than 15 KiB in all", Object.fromEntries([..."abcd"].map((name) => [`ce-${name}`, "x".repeat(3900)]))],
    ["several records", { "ce-id": "1", "content-type": "application/x-ndjson" }],
    ["a type of more than 255 characters", { "content-type": `text/plain; a=${"x".repeat(255)}` }],
  ])("are refused: %s", async (_what, headers) => {
    const { post, disk, service } = await start();
    const response = await post("x", headers);
    expect([response.status, await problemOf(response)]).toEqual([400, "bad-request"]);
    expect([disk.written, service.admission.held]).toEqual([[], 0]);
  });

  test("of the largest size a journal takes them", async () => {
    const { post, disk } = await start();
    const most = Object.fromEntries([..."abcd"].map((name) => [`ce-${name}`, "x".repeat(3830)]));
    expect((await post("x", most)).status).toBe(201);
    expect(disk.heads[0]![0]).toMatchObject(most);
  });
});

test("records that wait for the disk are held once, by the writer", async () => {
  const disk = fakeDisk();
  const given: (readonly JournalRecord[])[] = [];
  const openWriter: OpenWriter = async (options) => {
    const writer = await disk.openWriter(options);
    const { append } = writer;
    writer.append = (records, tag) => {
      given.push(records);
      return append(records, tag);
    };
    return writer;
  };
  const { post } = await startService(openWriter);
  let go!: () => void;
  disk.gate = new Promise((resolve) => {
    go = resolve;
  });
  const answer = post("a\nb\n", { "content-type": "application/x-ndjson" });
  await vi.waitFor(() => expect(given.length).toBe(1));
  expect(given[0]).toEqual([]);
  go();
  expect(await (await answer).json()).toMatchObject({ records: 2 });
  expect(disk.written[0]!.length).toBe(2);
});

describe("room for bodies is given back", () => {
  test("where the client goes while its token is looked up", async () => {
    const { url, producer, service, disk } = await start();
    const authorize = service.authorize.bind(service);
    const hold = vi.spyOn(service.admission, "hold");
    service.authorize = async (...args) => {
      const bearer = await authorize(...args);
      const gone = new Promise((resolve) => args[0].raw.once("close", resolve));
      socket.destroy();
      await gone;
      return bearer;
    };
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(postOf(producer, 10, "0123"));
    await vi.waitFor(() => expect(hold).toHaveBeenCalled());
    await vi.waitFor(() => expect(service.admission.held).toBe(0));
    expect(disk.written).toEqual([]);
  });

  test("where it goes while others of its requests are before this one", async () => {
    const { url, producer, service, disk } = await start();
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(postOf(producer, 10, "0123456789").repeat(3));
    await vi.waitFor(() => expect(service.admission.held).toBe(30));
    socket.destroy();
    go();
    await vi.waitFor(() => expect(service.admission.held).toBe(0));
  });
});

describe("the disk", () => {
  test("is slow: what waits is bounded, and so is what is taken in", async () => {
    const { post, disk } = await start({ maxQueued: 10 });
    disk.queuedBytes = 11;
    const queued = await post("x");
    expect([queued.status, await problemOf(queued), queued.headers.get("retry-after")]).toEqual([503, "busy", "1"]);
    const { post: second } = await start({ maxBody: 100, maxHeld: 50 });
    const held = await second(Buffer.alloc(51));
    expect([held.status, await problemOf(held), held.headers.get("retry-after")]).toEqual([503, "busy", "1"]);
    expect((await second(Buffer.alloc(50))).status).toBe(201);
  });

  test("fails, and is well again", async () => {
    const { post, disk, url, log } = await start();
    disk.failure = disk.failure ?? new SealError("io", "cannot write: EIO");
    const failed = await post("x");
    expect([failed.status, await problemOf(failed), failed.headers.get("retry-after")]).toEqual([503, "storage", "5"]);
    const health = await fetch(`${url}/health`);
    expect([health.status, await problemOf(health)]).toEqual([503, "storage"]);
    await logged(log, "cannot write: EIO");
    disk.failure = null;
    expect((await post("x")).status).toBe(201);
    for (const path of ["/health", "/readyz"])
      expect(await (await fetch(`${url}${path}`)).json()).toEqual({ status: "ok" });
  });

  test("is full", async () => {
    const running = await start();
    running.disk.failure = diskError("ENOSPC");
    const full = await running.post("x");
    expect([full.status, await problemOf(full), full.headers.get("retry-after")]).toEqual([507, "full", "5"]);
  });

  test("has no descriptor left", async () => {
    const running = await start();
    running.disk.failure = diskError("EMFILE");
    const refused = await running.post("x");
    expect([refused.status, await problemOf(refused)]).toEqual([503, "too-many-open"]);
  });

  test("belongs to another writer now: the inbox is opened anew before anything else is done with it", async () => {
    const { post, disk } = await start();
    disk.failure = new SealError("fenced", "another writer has taken over the journal");
    const fenced = await post("x", { "idempotency-key": KEY });
    expect([fenced.status, await problemOf(fenced)]).toEqual([503, "fenced"]);
    disk.failure = null;
    expect(disk.opened).toBe(1);
    expect((await post("x", { "idempotency-key": KEY })).status).toBe(201);
    expect([disk.opened, disk.closed]).toEqual([2, 1]);
  });

  test("holds a journal that is not in order", async () => {
    const refuse = async () => {
      throw new SealError("tampered", "the journal does not continue its cursor");
    };
    const { post, get, events, service } = await startService(refuse);
    for (const ask of [post("x"), get()]) {
      const response = await ask;
      expect([response.status, await problemOf(response)]).toEqual([503, "refused"]);
    }
    await service.inboxes.close();
    expect(events).toMatchObject([{ is: "failed", inbox: "till", error: { code: "tampered" } }]);
  });

  test("a bug is told as one, and no more of it than where it is", async () => {
    const { post, disk, log } = await start();
    disk.failure = new TypeError("the record was: x-secret-x");
    const response = await post("x");
    expect([response.status, await problemOf(response)]).toEqual([500, "internal"]);
    await logged(log, "TypeError");
    await logged(log, '"msg":"request"');
    expect(log.join("")).not.toContain("x-secret-x");
  });
});

describe("who may", () => {
  test("nobody without a token of this inbox", async () => {
    const { post, get, directory, url, producer } = await start();
    await directory.add("other", {
      label: "o",
      recipients: ["seal1".length ? (await directory.settings("till")).recipients[0]! : ""],
    });
    const foreign = (await createToken(directory.place("other"), "producer", "shop")).token;
    for (const authorization of [
      "",
      "Bearer",
      "Bearer x",
      `Basic ${producer}`,
      `Bearer ${foreign}`,
      `Bearer ${producer}x`,
    ]) {
      for (const response of [await post("x", { authorization }), await get({ authorization })]) {
        expect([response.status, await problemOf(response)]).toEqual([401, "unauthorized"]);
        expect(response.headers.get("www-authenticate")).toBe('Bearer realm="seal-inbox"');
      }
    }
    for (const name of ["nobody", "..%2Ftill", "%00"]) {
      const response = await fetch(`${url}/v1/inboxes/${name}/records`, {
        method: "POST",
        headers: { authorization: `Bearer ${producer}`, "content-type": "text/plain" },
        body: "x",
      });
      expect(response.status, name).toBe(401);
    }
  });

  test("a producer cannot read, and a reader cannot write", async () => {
    const { post, get, producer, reader } = await start();
    for (const response of [
      await post("x", { authorization: `Bearer ${reader}` }),
      await get({ authorization: `Bearer ${producer}` }),
    ]) {
      expect([response.status, await problemOf(response)]).toEqual([403, "forbidden"]);
    }
  });

  test("nobody any more, a second after the token was revoked", async () => {
    const { post, place, producer } = await start();
    expect((await post("x", { authorization: `bearer   ${producer}` })).status).toBe(201);
    const { grant, token } = await createToken(place, "producer", "new");
    const authorization = `Bearer ${token}`;
    expect((await post("x", { authorization })).status).toBe(201);
    await revokeToken(place, grant.id);
    let status = 201;
    for (let i = 0; i < 300 && status === 201; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      status = (await post("x", { authorization })).status;
    }
    expect(status).toBe(401);
    expect((await post("x")).status).toBe(201);
  });

  test("not faster than the rate, each token by itself", async () => {
    const { post, place } = await start({ rate: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post("x")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.headers.get("retry-after")).toBe("1");
    expect(await problemOf(refused[0]!)).toBe("too-many-requests");
    const { token } = await createToken(place, "producer", "other");
    expect((await post("x", { authorization: `Bearer ${token}` })).status).toBe(201);
  });
});

describe("the journal", () => {
  test("as a whole, in part, and whether it has grown", async () => {
    const { post, get, disk } = await start();
    await post("first");
    const whole = await get();
    const bytes = Buffer.from(await whole.arrayBuffer());
    const before = whole.headers.get("etag")!;
    expect([whole.status, whole.headers.get("accept-ranges"), whole.headers.get("content-length")]).toEqual([
      200,
      "bytes",
      String(bytes.length),
    ]);
    expect((await get({ "if-none-match": before })).status).toBe(304);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([
      200,
      String(bytes.length),
      before,
    ]);
    const nothing = await get({ range: `bytes=${bytes.length}-` });
    expect([nothing.status, nothing.headers.get("content-range"), await problemOf(nothing)]).toEqual([
      416,
      `bytes */${bytes.length}`,
      "out-of-range",
    ]);

    await post("second");
    expect((await get({ "if-none-match": before })).status).toBe(200);
    const more = await get({ range: `bytes=${bytes.length}-`, "if-range": before });
    const added = Buffer.from(await more.arrayBuffer());
    const size = bytes.length + added.length;
    expect([more.status, more.headers.get("content-range")]).toEqual([
      206,
      `bytes ${bytes.length}-${size - 1}/${size}`,
    ]);
    expect(more.headers.get("etag")).not.toBe(before);
    expect(added.includes("second")).toBe(true);
    const foreign = await get({ range: "bytes=5-", "if-range": '"00000000000000000000000000000000-1"' });
    expect(foreign.status).toBe(200);
    const ahead = before.replace(/-\d+"/, `-${size + 1}"`);
    expect((await get({ range: "bytes=5-", "if-range": ahead })).status).toBe(200);
    expect((await get({ range: "bytes=5-6,8-9" })).status).toBe(200);
    expect(disk.written.length).toBe(2);
  });

  test("only what is on disk", async () => {
    const { post, get, disk } = await start();
    await post("first");
    const before = (await get({}, "HEAD")).headers.get("content-length");
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const second = post("second");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await get({}, "HEAD")).headers.get("content-length")).toBe(before);
    go();
    await second;
    expect((await get({}, "HEAD")).headers.get("content-length")).not.toBe(before);
  });
});

describe("an acknowledgement", () => {
  const writer = Identity.generate();
  const openWriter: OpenWriter = async ({ journal, ...options }) =>
    JournalWriter.open(journal, { ...options, sign: (await writer).identity });

  /** A service with a real journal of two epochs, and what its reader has of each. */
  async function withJournal(settings: Settings = {}) {
    const running = await startService(openWriter, settings);
    const { url, post, service, reader } = running;
    const put = (body: string | Uint8Array, token = reader) =>
      fetch(`${url}/v1/inboxes/till/acknowledgement`, {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
        body: body as string,
      });
    const cursors: string[] = [];
    for (const record of ["one", "two"]) {
      service.inboxes.nextEpoch();
      await post(record);
      const options = { keys: [user], from: [(await writer).identity.signer] };
      const journal = await JournalReader.open({ path: running.place.journal }, options);
      for await (const _ of journal);
      cursors.push(Buffer.from(journal.cursor!).toString());
    }
    return { ...running, put, cursors: cursors as [string, string] };
  }

  test("is kept, for the reader that the token names, and goes forward", async () => {
    const { put, cursors, place } = await withJournal();
    const first = await put(cursors[0]);
    expect([first.status, await first.json()]).toEqual([200, { end: placeIn(cursors[0]).end }]);
    expect((await put(cursors[1])).status).toBe(200);
    expect((await put(cursors[1])).status).toBe(200);
    const back = await put(cursors[0]);
    expect([back.status, await problemOf(back)]).toEqual([409, "behind"]);
    const { token } = await createToken(place, "reader", "bob");
    expect((await put(cursors[0], token)).status).toBe(200);
    const { readers } = parseLedger(await place.ledger.get());
    expect([...readers]).toEqual([
      ["ann", cursors[1]],
      ["bob", cursors[0]],
    ]);
  });

  test("is refused where it is no cursor of this journal, whatever is wrong with it", async () => {
    const { put, cursors, place } = await withJournal();
    const flip = (text: string, field: string) =>
      text.replace(new RegExp(`^${field} (.)`, "m"), (_all, digit) => `${field} ${digit === "1" ? "2" : "1"}`);
    const wrong = ["chain", "header", "journal", "epoch", "end"].map((field) => flip(cursors[0], field));
    const ends = ["header", "journal", "epoch", "end"].map((field) => flip(cursors[1], field));
    const others = [...ends, cursors[1].replace("for reading", "for verifying"), `${cursors[1]} `, "", "\xff"];
    for (const text of [...wrong, ...others, flip(cursors[0], "chain")]) {
      const refused = await put(text);
      expect([refused.status, await problemOf(refused)], text).toEqual([422, "bad-cursor"]);
    }
    expect(await place.ledger.get()).toBeNull();
    const long = await put("x".repeat(5000));
    expect([long.status, await problemOf(long)]).toEqual([413, "too-large"]);
  });

  test("comes again where another process changes the same, which is no failure of the store", async () => {
    const { put, cursors, place, service } = await withJournal();
    const swap = vi.spyOn(Object.getPrototypeOf(place.ledger), "swap");
    swap.mockRejectedValueOnce(ioError("cannot write", new Overtaken("another process does")));
    const busy = await put(cursors[0]);
    expect([busy.status, await problemOf(busy), service.fitness.failing]).toEqual([503, "busy", 0]);
    expect((await put(cursors[0])).status).toBe(200);
    swap.mockRestore();
  });

  test("is taken of readers alone, while the store takes it, and not too fast", async () => {
    const { put, cursors, producer, place, service } = await withJournal({ rate: 4 });
    expect((await put(cursors[0], "nobodys-token")).status).toBe(401);
    expect((await put(cursors[0], producer)).status).toBe(403);
    const swap = vi.spyOn(Object.getPrototypeOf(place.ledger), "swap");
    for (const [error, status] of [
      [diskError("ENOSPC"), 507],
      [diskError("EIO"), 503],
      [new TypeError("a bug"), 500],
    ] as const) {
      swap.mockRejectedValueOnce(error);
      expect((await put(cursors[0])).status).toBe(status);
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(cursors[0])));
    expect(answers.map(({ status }) => status)).toContain(429);
    service.stop();
    expect((await put(cursors[0])).status).toBe(503);
    swap.mockRestore();
  });

  test("of an inbox that was removed is refused, as all else, now and when the service is started anew", async () => {
    const { put, cursors, post, get, url, directory, place } = await withJournal();
    const hook = (await createToken(place, "producer", "hook", { way: "url" })).token;
    await directory.remove("till");
    const gone = async (response: Response) => [response.status, await problemOf(response)];
    // For a second, a token is as it was when it came last.
    for (const send of [() => put(cursors[0]), () => post("x")])
      await vi.waitFor(async () => expect((await send()).status).toBe(410), { timeout: 5000, interval: 100 });
    const asked = () => [
      put(cursors[0]),
      post("x"),
      get(),
      fetch(`${url}/v1/inboxes/till/hooks/${hook}`, { method: "POST", body: "x" }),
    ];
    for (const response of await Promise.all(asked())) expect(await gone(response)).toEqual([410, "gone"]);
    expect((await get({}, "HEAD")).status).toBe(410);
    const again = await Directory.open(directory.path);
    expect(await again.list()).toEqual([]);
    await expect(again.settings("till")).rejects.toMatchObject({ message: "there is no inbox till" });
  });
});

describe("the service", () => {
  test("does not know other addresses", async () => {
    const { url } = await start();
    for (const path of ["/", "/v1/inboxes", "/v1/inboxes/till", "/%zz"]) {
      const response = await fetch(url + path);
      expect([404, 400]).toContain(response.status);
      await problemOf(response);
      expect(response.headers.get("x-request-id"), path).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("answers what is no HTTP, without a word of it in the log", async () => {
    const { url, log } = await start();
    const answer = await raw(url, "GET /x-secret-x HTTP/9.9\r\nx-secret-x\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*urn:seal-inbox:bad-request/s);
    const long = await raw(url, `GET / HTTP/1.1\r\nHost: x\r\nx: ${"x-secret-x".repeat(3000)}\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 .*urn:seal-inbox:headers-too-large/s);
    for (const each of [answer, long]) {
      const [, id] = /\r\nX-Request-Id: (\S+)\r\n/.exec(each) ?? [];
      expect((await logged(log, `"requestId":"${id}"`)).length).toBe(1);
    }
    expect(log.join("")).not.toContain("x-secret-x");
  });

  test("does not read what is sent where there is nothing", async () => {
    const { url } = await start();
    const address = "POST /nowhere HTTP/1.1\r\nHost: x\r\n";
    const answer = await raw(url, `${address}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"hal`);
    expect(answer).toMatch(/^HTTP\/1\.1 404 .*urn:seal-inbox:not-found/s);
  });

  test("takes nothing any more of what has been answered with a timeout", async () => {
    const { url, app, producer, service, disk } = await start();
    const connected = new Promise<Socket>((resolve) => app.server.once("connection", resolve));
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined).write(postOf(producer, 10, "half-"));
    let answer = "";
    socket.on("data", (piece) => {
      answer += piece;
    });
    await vi.waitFor(() => expect(service.admission.held).toBe(10));
    const late = Object.assign(new Error("late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
    app.server.emit("clientError", late, await connected);
    await vi.waitFor(() => expect(answer).toMatch(/^HTTP\/1\.1 408 .*urn:seal-inbox:timeout/s));
    socket.write("other");
    await vi.waitFor(() => expect(service.admission.held).toBe(0));
    expect(disk.written).toEqual([]);
    socket.destroy();
  });

  test("does not answer what is no HTTP as if that were the request before it", async () => {
    const { url, producer, service, disk } = await start();
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (piece) => {
      answer += piece;
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(postOf(producer, 5, "12345"));
    await vi.waitFor(() => expect(service.admission.held).toBe(5));
    socket.write("6");
    await closed;
    expect(answer).toBe("");
    go();
    await vi.waitFor(() => expect(disk.written.length).toBe(1));
  });

  test("ends a connection behind what is no HTTP, whether or not the client does", async () => {
    const { url, app } = await start();
    const connected = new Promise<Socket>((resolve) => app.server.once("connection", resolve));
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket
      .on("error", () => undefined)
      .resume()
      .write("x\r\n\r\n");
    const there = await connected;
    await vi.waitFor(() => expect(there.destroyed).toBe(true));
    socket.destroy();
  });

  test("tells figures, of nobody by name", async () => {
    const { post, url, producer } = await start();
    await post("a\nb\n", { "content-type": "application/x-ndjson", "idempotency-key": KEY });
    await post("x", { authorization: "Bearer x" });
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    for (const line of [
      'seal_inbox_requests_total{route="/v1/inboxes/:inbox/records",status="201"} 1',
      'seal_inbox_requests_total{route="/v1/inboxes/:inbox/records",status="401"} 1',
      "seal_inbox_records_total 2",
      "seal_inbox_record_bytes_total 4",
      'seal_inbox_append_seconds_bucket{le="+Inf"} 1',
      "seal_inbox_append_seconds_count 1",
      "seal_inbox_idempotency_keys 1",
      "seal_inbox_open_inboxes 1",
      "seal_inbox_held_bytes 0",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).not.toMatch(/till|shop/);
    expect(text).not.toContain(producer);
  });

  test("tells figures while an inbox is being opened", async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { openWriter } = fakeDisk();
    const { post, url } = await startService((options) => gate.then(() => openWriter(options)));
    const answer = post("x");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("seal_inbox_open_inboxes 0\n");
    go();
    expect((await answer).status).toBe(201);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("seal_inbox_open_inboxes 1\n");
  });

  test("stops: what is under way is finished, nothing new is begun", async () => {
    const { post, disk, service, app, url } = await start();
    await post("x");
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const underWay = post("y");
    await new Promise((resolve) => setTimeout(resolve, 50));
    service.stop();
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: "ok" });
    for (const response of [await post("z"), await fetch(`${url}/readyz`), await fetch(`${url}/health`)]) {
      expect([response.status, await problemOf(response)]).toEqual([503, "stopping"]);
    }
    const closed = app.close().then(() => service.inboxes.close());
    go();
    expect((await underWay).status).toBe(201);
    await closed;
    expect(disk.written.length).toBe(2);
    expect(disk.closed).toBe(1);
    await expect(post("late")).rejects.toThrow();
  });

  test("opens no more inboxes than may be open: the one that was used longest ago goes, and none that is in use", async () => {
    const { post, disk, directory, url, service, events } = await start({ maxOpen: 2 });
    const { recipients } = await directory.settings("till");
    const senders = new Map<string, () => Promise<Response>>([["till", () => post("x")]]);
    for (const name of ["second", "third"]) {
      await directory.add(name, { label: name, recipients });
      const { token } = await createToken(directory.place(name), "producer", "shop");
      const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" };
      senders.set(name, () => fetch(`${url}/v1/inboxes/${name}/records`, { method: "POST", body: "x", headers }));
    }
    for (const name of ["till", "second", "till", "third", "till"]) {
      expect((await senders.get(name)!()).status).toBe(201);
      expect(service.inboxes.figures().open).toBeLessThanOrEqual(2);
    }
    const closed = events.filter(({ is }) => is === "closed").map(({ inbox }) => inbox);
    expect(closed).toEqual(["second"]);
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const underWay = [senders.get("till")!(), senders.get("third")!()];
    await vi.waitFor(() => expect(service.admission.held).toBe(2));
    const refused = await senders.get("second")!();
    expect([refused.status, await problemOf(refused)]).toEqual([503, "too-many-open"]);
    go();
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([201, 201]);
    expect((await senders.get("second")!()).status).toBe(201);
  });

  test("closes inboxes that are idle, and opens them again", async () => {
    const { post, disk, events } = await start({ idle: 50 });
    await post("x");
    for (let i = 0; i < 300 && disk.closed === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(disk.closed).toBe(1);
    expect((await post("y")).status).toBe(201);
    expect(disk.opened).toBe(2);
    expect(events.slice(0, 3).map(({ is }) => is)).toEqual(["opened", "closed", "opened"]);
  });
});

test("the log holds neither content nor tokens, at any level", async () => {
  const { post, get, producer, reader, log, url, disk } = await start();
  await post("x-secret-x", { "idempotency-key": `${KEY}x-secret-x`, "x-other": "x-secret-x" });
  await post("x-secret-x", { authorization: "Bearer x-secret-x" });
  await fetch(`${url}/v1/inboxes/x-secret-x/journal?token=x-secret-x`);
  await fetch(`${url}/x-secret-x`);
  await get({ range: "x-secret-x" });
  disk.failure = new Error("x-secret-x");
  await post("x-secret-x");
  await logged(log, '"msg":"request"', 6);
  for (const secret of [producer, reader, "x-secret-x", producer.slice(11), reader.slice(11)]) {
    expect(log.join("")).not.toContain(secret);
  }
});

/** The bytes of a request with a record. */
function postOf(token: string, length: number, body: string): string {
  const head = `POST /v1/inboxes/till/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}`;
  return `${head}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** What comes back for these bytes, until the connection ends. */
function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.on("data", (piece) => {
      answer += piece;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("GET and HEAD answer with the same status", async () => {
  const both = async ({ get }: Running, headers?: Record<string, string>) => {
    const [got, head] = [await get(headers), await get(headers, "HEAD")];
    await got.arrayBuffer();
    expect(head.status).toBe(got.status);
    expect(head.headers.get("content-length")).toBe(got.headers.get("content-length"));
    return got.status;
  };
  const running = await start();
  await running.post("x");
  const etag = (await running.get()).headers.get("etag")!;
  const asked = [{}, { range: "bytes=0-9" }, { "if-none-match": etag }, { range: "bytes=9999-" }];
  const refused = [{ authorization: "Bearer x" }, { authorization: `Bearer ${running.producer}` }];
  const statuses: number[] = [];
  for (const headers of [...asked, ...refused]) statuses.push(await both(running, headers as Record<string, string>));
  expect(statuses).toEqual([200, 206, 304, 416, 401, 403]);
  const failing = (error: Error) => startService(() => Promise.reject(error));
  expect(await both(await failing(new TypeError("a bug")))).toBe(500);
  expect(await both(await failing(new SealError("tampered", "cut short")))).toBe(503);
  const slow = await start({ rate: 1 });
  for (let i = 0; i < 20; i++) await Promise.all([slow.get(), slow.get({}, "HEAD")]);
});

test("at a secret address, what is refused is refused as elsewhere", async () => {
  const { url, place, disk } = await start({ maxBody: 1000 });
  const make = (secrets: readonly string[]) => createToken(place, "producer", "hook", { way: "url", secrets });
  const [plain, signed] = [await make([]), await make([`whsec_${Buffer.alloc(24).toString("base64")}`])];
  const send = async (body: string | Uint8Array, headers: Head = {}, { token } = plain) => {
    const answer = await fetch(`${url}/v1/inboxes/till/hooks/${token}`, {
      method: "POST",
      body: body as string,
      headers,
    });
    return [answer.status, answer.status === 201 ? "" : await problemOf(answer)];
  };
  expect(await send("x", { "idempotency-key": KEY })).toEqual([201, ""]);
  expect(await send("y", { "idempotency-key": KEY })).toEqual([422, "key-reused"]);
  expect(await send("x", { "idempotency-key": "short" })).toEqual([400, "bad-key"]);
  expect(await send("")).toEqual([400, "no-record"]);
  expect(await send("x", {}, { ...plain, token: "x" })).toEqual([401, "unauthorized"]);
  expect(await send("x", {}, signed)).toEqual([403, "bad-signature"]);
  expect(await send(Buffer.alloc(1001))).toEqual([413, "too-large"]);
  expect(await send("x", { "content-encoding": "br" })).toEqual([415, "content-encoding"]);
  expect(await send("x", { "content-encoding": "gzip" })).toEqual([400, "bad-encoding"]);
  for (const [error, status] of [
    [diskError("ENOSPC"), 507],
    [diskError("EIO"), 503],
    [new Error(), 500],
  ] as const) {
    disk.failure = error;
    expect((await send("x"))[0]).toBe(status);
  }
  const slow = await start({ rate: 1 });
  const { token } = await createToken(slow.place, "producer", "hook", { way: "url" });
  const address = `${slow.url}/v1/inboxes/till/hooks/${token}`;
  const many = await Promise.all(Array.from({ length: 20 }, () => fetch(address, { method: "POST", body: "x" })));
  expect(many.map(({ status }) => status)).toContain(429);
});

test("an address names the methods that it takes, and refuses others without reading a body", async () => {
  const { url, reader } = await start();
  const taken = {
    "/v1/inboxes/till/records": "POST",
    "/v1/inboxes/till/hooks/x": "POST",
    "/v1/inboxes/till/journal": "GET, HEAD",
    "/v1/inboxes/till/acknowledgement": "PUT",
    "/livez": "GET, HEAD",
    "/openapi.json": "GET, HEAD",
  };
  for (const [path, allow] of Object.entries(taken)) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"].filter((each) => !allow.includes(each))) {
      const body = method === "GET" ? {} : { body: "x".repeat(100_000) };
      const headers = { authorization: `Bearer ${reader}`, "content-type": "no/such" };
      const answer = await fetch(`${url}${path}`, { method, headers, ...body });
      expect([answer.status, answer.headers.get("allow")], `${method} ${path}`).toEqual([405, allow]);
      const { type } = (await answer.json()) as { type: string };
      expect(type).toBe("urn:seal-inbox:method-not-allowed");
      seen.add("method-not-allowed");
    }
  }
});

describe("what is documented", () => {
  interface Operation {
    readonly responses: Record<string, unknown>;
  }

  test("is a valid OpenAPI document", async () => {
    const { url } = await start();
    const document = await (await fetch(`${url}/openapi.json`)).json();
    expect(await new Validator().validate(document as Parameters<Validator["validate"]>[0])).toMatchObject({
      valid: true,
    });
    expect((document as { openapi: string }).openapi).toBe("3.1.0");
  });

  test("is what came in the tests above, and all of it came", async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/openapi.json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        Object.keys(operation.responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    const known = [...responses].filter((line) => documented.some((other) => sameRoute(line, other)));
    expect(known.filter((line) => !documented.includes(line))).toEqual([]);
    expect(documented.filter((line) => !responses.has(line))).toEqual([]);
  });

  const sameRoute = (one: string, other: string) => one.slice(0, -4) === other.slice(0, -4);

  test("says of each response which problems it can be", async () => {
    const { url } = await start();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    const types = { type: { enum: [] as string[] }, status: { enum: [] as number[] } };
    const named = new Set<string>();
    for (const operation of Object.values(paths).flatMap((operations) => Object.values(operations as object)))
      for (const [status, response] of Object.entries((operation as { responses: object }).responses)) {
        const schema = response.content?.["application/problem+json"]?.schema as
          | { properties: typeof types }
          | undefined;
        for (const type of schema?.properties.type.enum ?? []) {
          const name = type.replace("urn:seal-inbox:", "") as keyof typeof PROBLEMS;
          expect([PROBLEMS[name].status], type).toEqual([Number(status)]);
          expect(schema!.properties.status.enum).toEqual([Number(status)]);
          named.add(name);
        }
      }
    const noRoute = ["timeout", "headers-too-large", "not-found", "method-not-allowed"];
    expect(Object.keys(PROBLEMS).filter((name) => !named.has(name))).toEqual(expect.arrayContaining(noRoute));
    expect(named.size).toBe(Object.keys(PROBLEMS).length - noRoute.length);
  });

  test("names every kind of problem, but for what is answered before there is a route, and each has been seen", () => {
    const noRoute = ["timeout", "headers-too-large"];
    expect(Object.keys(PROBLEMS).filter((name) => !seen.has(name) && !noRoute.includes(name))).toEqual([]);
  });
});
