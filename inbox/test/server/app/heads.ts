// What is sealed in front of records.

import { describe, expect, test } from "vitest";
import { type Head, KEY, problemOf, start } from "./shared.js";

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
