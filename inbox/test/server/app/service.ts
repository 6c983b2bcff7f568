// The service as a whole: addresses, figures, limits of what is open, its log, its end.

import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { createToken } from "../../../src/store/tokens.js";
import { fakeDisk } from "../../fake-writer.js";
import { logged } from "../../log.js";
import { startService } from "../../service.js";
import { KEY, postOf, problemOf, raw, start } from "./shared.js";

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
    await expect.poll(() => service.admission.held).toBe(10);
    const late = Object.assign(new Error("late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
    app.server.emit("clientError", late, await connected);
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 408 .*urn:seal-inbox:timeout/s);
    socket.write("other");
    await expect.poll(() => service.admission.held).toBe(0);
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
    await expect.poll(() => service.admission.held).toBe(5);
    socket.write("6");
    await closed;
    expect(answer).toBe("");
    go();
    await expect.poll(() => disk.written.length).toBe(1);
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
    await expect.poll(() => there.destroyed).toBe(true);
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
    await expect.poll(() => service.admission.held).toBe(2);
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
