import { SealError } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { type Running, startService } from "../../service.js";
import { problemOf, start } from "./shared.js";

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
