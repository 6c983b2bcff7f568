// Records as they are posted: one, and many, and what is refused.

import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { createToken } from "../../../src/store/tokens.js";
import { KEY, postOf, problemOf, raw, start } from "./shared.js";

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
