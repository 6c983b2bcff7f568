// Readers that wait for what is new, and pages of other origins.

import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { isOrigin } from "../../src/server/cors.js";
import { News } from "../../src/server/news.js";
import { waitOf } from "../../src/server/prefer.js";
import { fakeDisk } from "../fake-writer.js";
import { startService } from "../service.js";

const WAIT = { prefer: "wait=30" };

/** With a record, and a reader that has it. */
async function start() {
  const disk = fakeDisk();
  const running = await startService(disk.openWriter);
  await running.post("first");
  const etag = (await running.get({}, "HEAD")).headers.get("etag")!;
  const end = Number(/-(\d+)"/.exec(etag)![1]);
  return { ...running, disk, etag, end };
}

describe("a reader that has everything", () => {
  test("is answered when there is more", async () => {
    const { get, post, etag, end, service } = await start();
    const after = vi.spyOn(service.news, "after");
    const waiting = [
      get({ ...WAIT, "if-none-match": etag }),
      get({ ...WAIT, range: `bytes=${end}-`, "if-range": etag }),
    ];
    await vi.waitFor(() => expect(after.mock.calls.length).toBe(2), { timeout: 10_000 });
    expect((await post("second")).status).toBe(201);
    const [all, part] = await Promise.all(waiting);
    expect([all!.status, part!.status]).toEqual([200, 206]);
    expect(part!.headers.get("preference-applied")).toBe("wait=30");
    expect(Buffer.from(await part!.arrayBuffer()).includes("second")).toBe(true);
    await all!.arrayBuffer();
  });

  test("is told that there is none when it would not wait longer", async () => {
    const { get, etag, end } = await start();
    expect((await get({ prefer: "wait=1", "if-none-match": etag })).status).toBe(304);
    expect((await get({ prefer: "respond-async, wait=1", range: `bytes=${end}-` })).status).toBe(416);
  });

  test("does not wait for a service that is about to stop, nor does that wait for it", async () => {
    const { get, etag, service } = await start();
    const after = vi.spyOn(service.news, "after");
    const waiting = get({ ...WAIT, "if-none-match": etag });
    await vi.waitFor(() => expect(after.mock.calls.length).toBe(1), { timeout: 10_000 });
    service.leave();
    expect((await waiting).status).toBe(304);
    expect((await get({ ...WAIT, "if-none-match": etag })).status).toBe(304);
  });

  test("that goes is not waited for, and keeps no inbox open meanwhile", async () => {
    const { url, reader, etag, service } = await start();
    const after = vi.spyOn(service.news, "after");
    const use = vi.spyOn(service.inboxes, "use");
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const head = `GET /v1/inboxes/till/journal HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${reader}`;
    socket.write(`${head}\r\nPrefer: wait=30\r\nIf-None-Match: ${etag}\r\n\r\n`);
    await vi.waitFor(() => expect(after.mock.calls.length).toBe(1), { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(use).toHaveBeenCalledTimes(1);
    socket.destroy();
    await after.mock.results[0]!.value;
  });
});

test("a reader that does not have everything, or does not ask to wait, is answered at once", async () => {
  const { get, etag, service } = await start();
  const after = vi.spyOn(service.news, "after");
  expect((await get(WAIT)).status).toBe(200);
  expect((await get({ ...WAIT, range: "bytes=0-9" })).status).toBe(206);
  expect((await get({ "if-none-match": etag })).status).toBe(304);
  expect((await get({ ...WAIT, "if-none-match": etag }, "HEAD")).status).toBe(304);
  expect(after).not.toHaveBeenCalled();
});

test("the journal is closed once it was sent, in whole or in part, or not at all", async () => {
  const { get, service, etag } = await start();
  const place = service.store.place.bind(service.store);
  const closed: string[] = [];
  let opened = 0;
  vi.spyOn(service.store, "place").mockImplementation((name) => {
    const parts = place(name);
    const reading = async () => {
      const found = await parts.reading();
      const what = `${opened++}`;
      const close = found.close.bind(found);
      found.close = () => {
        closed.push(what);
        return close();
      };
      return found;
    };
    return { ...parts, reading };
  });
  await (await get()).arrayBuffer();
  await (await get({ range: "bytes=0-9" })).arrayBuffer();
  await get({}, "HEAD");
  await get({ "if-none-match": etag });
  await get({ ...WAIT, range: "bytes=9999-", prefer: "wait=1" });
  const each = () => Array.from({ length: opened }, (_, index) => `${index}`);
  await expect.poll(() => closed.toSorted()).toEqual(each());
  // The last is looked at again when its wait is over.
  expect(opened).toBeGreaterThanOrEqual(6);
});

test("news that came before somebody waits for it is not missed, and nobody is left behind", async () => {
  const news = new News();
  const { signal } = new AbortController();
  const count = news.countOf("till");
  news.tell("till");
  await news.after("till", count, 2 ** 30, signal);
  const both = Promise.all([
    news.after("till", news.countOf("till"), 2 ** 30, signal),
    news.after("till", news.countOf("till"), 2 ** 30, signal),
  ]);
  news.tell("other");
  news.tell("till");
  await both;
  const before = news.countOf("till");
  news.tell("other");
  const isOver = vi.fn();
  const later = news.after("till", before, 2 ** 30, signal).then(isOver);
  await new Promise(setImmediate);
  expect(isOver).not.toHaveBeenCalled();
  news.tellAll();
  await later;
  const gone = new AbortController();
  const waiting = news.after("till", news.countOf("till"), 2 ** 30, gone.signal);
  gone.abort();
  await waiting;
});

test.each<[string | string[] | undefined, number]>([
  [undefined, 0],
  ["wait=10", 10],
  ['respond-async; x=1, Wait = "7"', 7],
  ["wait=9999", 30],
  ["wait=-1", 0],
  ["wait=1e3", 0],
  ["await=5", 0],
])("Prefer: %j", (header, seconds) => {
  expect(waitOf(header)).toBe(seconds);
});

describe("pages", () => {
  const APP = "https://app.example.com";
  const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

  test("of an origin that was named may read, go on, and see why not", async () => {
    const { get, post, url } = await startService(fakeDisk().openWriter, { origins: [APP] });
    await post("x");
    const ask = {
      origin: APP,
      "access-control-request-method": "GET",
      "access-control-request-headers": "authorization",
    };
    const asked = await fetch(`${url}/v1/inboxes/till/journal`, { method: "OPTIONS", headers: ask });
    expect([asked.status, allowed(asked)]).toEqual([204, APP]);
    expect(asked.headers.get("access-control-allow-methods")).toBe("GET, HEAD");
    for (const name of ["Authorization", "Range", "If-Range", "If-None-Match", "Prefer"])
      expect(asked.headers.get("access-control-allow-headers")).toContain(name);
    const read = await get({ origin: APP, range: "bytes=0-9" });
    expect([read.status, allowed(read), read.headers.get("vary")]).toEqual([206, APP, "Origin"]);
    for (const name of ["ETag", "Content-Range"])
      expect(read.headers.get("access-control-expose-headers")).toContain(name);
    expect(read.headers.has("access-control-allow-credentials")).toBe(false);
    for (const refused of [
      await get({ origin: APP, authorization: "Bearer x" }),
      await fetch(`${url}/x`, { headers: { origin: APP } }),
    ])
      expect(allowed(refused)).toBe(APP);
  });

  test.each(["null", "https://app.example.com.evil.example", "http://app.example.com", "https://app.example.com:8443"])(
    "of another origin may not: %s",
    async (origin) => {
      const { get, url } = await startService(fakeDisk().openWriter, { origins: [APP] });
      const read = await get({ origin });
      expect([allowed(read), read.headers.get("vary")]).toEqual([null, "Origin"]);
      const asked = await fetch(`${url}/v1/inboxes/till/journal`, { method: "OPTIONS", headers: { origin } });
      expect([asked.status, allowed(asked)]).toEqual([404, null]);
    },
  );

  test("null may where it was named; and nobody where none was", async () => {
    const named = await startService(fakeDisk().openWriter, { origins: ["null"] });
    expect(allowed(await named.get({ origin: "null" }))).toBe("null");
    const none = await startService(fakeDisk().openWriter);
    const read = await none.get({ origin: APP });
    expect([allowed(read), read.headers.get("vary")]).toEqual([null, null]);
  });

  test("an origin is written as browsers write it", () => {
    for (const text of [APP, "http://localhost:5173", "null"]) expect(isOrigin(text), text).toBe(true);
    for (const text of ["*", "app.example.com", `${APP}/`, `${APP}:443`, "HTTPS://APP.example.com", "file://", ""])
      expect(isOrigin(text), text).toBe(false);
  });
});
