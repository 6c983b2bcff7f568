// Senders that cannot set headers: a secret address, and signatures as Standard Webhooks has them.

import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkSignature, webhookOf } from "../../src/server/webhooks.js";
import { createToken, hashToken, revokeToken } from "../../src/store/tokens.js";
import { secretBytes } from "../../src/store/webhook-secrets.js";
import { fakeDisk } from "../fake-writer.js";
import { logged } from "../log.js";
import { type Settings, startService } from "../service.js";

const SECRET = `whsec_${randomBytes(24).toString("base64")}`;

async function start(secrets: readonly string[] = [], settings: Settings = {}) {
  const disk = fakeDisk();
  const running = await startService(disk.openWriter, settings);
  const { token, grant } = await createToken(running.place, "producer", "hook", { way: "url", secrets });
  const send = (body: string | Uint8Array, headers: Record<string, string> = {}, used = token) =>
    fetch(`${running.url}/v1/inboxes/till/hooks/${used}`, { method: "POST", body: body as string, headers });
  return { ...running, disk, token, grant, send };
}

/** The headers of a webhook, signed by a sender of its own. */
function signed(body: string, { id = "msg_17", secret = SECRET, at = Date.now() / 1000, version = "v1" } = {}) {
  const timestamp = String(Math.floor(at));
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const digest = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `${version},${digest}` };
}

const problemOf = async (response: Response) =>
  [response.status, ((await response.json()) as { type: string }).type.replace("urn:seal-inbox:", "")] as const;

describe("a secret address", () => {
  test("takes a body of any type, or none, as a record of the producer", async () => {
    const { send, disk } = await start();
    expect((await send("a=1", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(201);
    expect((await send(Uint8Array.of(1, 2))).status).toBe(201);
    expect((await send("x\ny\n", { "content-type": "application/x-ndjson" })).status).toBe(201);
    expect(disk.heads.flat()).toMatchObject([
      { producer: "hook", type: "application/x-www-form-urlencoded" },
      { producer: "hook", type: "application/octet-stream" },
      { producer: "hook" },
      { producer: "hook" },
    ]);
  });

  test("opens nothing as a header, nor does a header's token in an address", async () => {
    const { send, post, token, producer, reader } = await start();
    expect((await post("x", { authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await post("x", { authorization: `Bearer url ${token}` })).status).toBe(401);
    for (const other of [producer, reader, "x", `url%20${token}`, encodeURIComponent("../x"), "x".repeat(90)])
      expect(await problemOf(await send("x", {}, other)), other).toEqual([401, "unauthorized"]);
    expect(hashToken(token)).not.toBe(hashToken(token, "url"));
  });

  test("is of no use any more, a second after it was revoked", async () => {
    const { send, place, grant } = await start();
    expect((await send("x")).status).toBe(201);
    await revokeToken(place, grant.id);
    await expect.poll(async () => (await send("x")).status, { timeout: 10_000 }).toBe(401);
  });

  test("is in no log, no answer and no figure", async () => {
    const { send, token, log, url, disk } = await start([SECRET]);
    const texts: string[] = [];
    for (const headers of [{}, signed("x"), { "webhook-id": "x" }, { "content-encoding": "br" }])
      texts.push(await (await send("x", headers)).text());
    disk.failure = new Error(token);
    texts.push(await (await send("y", signed("y", { id: "msg_18" }))).text());
    texts.push(await (await fetch(`${url}/v1/inboxes/till/hooks/${token}`)).text());
    texts.push(await (await fetch(`${url}/v1/inboxes/till/hooks/${token}/x`)).text());
    texts.push(await (await fetch(`${url}/v1/inboxes/till/hooks/${token}%zz`, { method: "POST" })).text());
    texts.push(await (await fetch(`${url}/metrics`)).text());
    await logged(log, '"msg":"request"', 7);
    const said = [...texts, ...log].join("\n");
    for (const secret of [token, token.slice(11), SECRET, SECRET.slice(6)]) expect(said).not.toContain(secret);
  });
});

describe("a signed webhook", () => {
  test("is taken, with its id; again it is acknowledged, and not stored twice", async () => {
    const { send, disk } = await start([SECRET]);
    const first = await send('{"a":1}', { ...signed('{"a":1}'), "content-type": "application/json" });
    expect([first.status, await first.json()]).toEqual([
      201,
      { records: 1, journal: "05".repeat(32), offset: 0, time: expect.any(String) },
    ]);
    const again = await send('{"a":1}', {
      ...signed('{"a":1}', { at: Date.now() / 1000 - 60 }),
      "content-type": "application/json",
    });
    expect([again.status, await again.json()]).toEqual([201, { records: 1 }]);
    expect(disk.heads.flat()).toMatchObject([{ "webhook-id": "msg_17", type: "application/json", producer: "hook" }]);
    expect(await problemOf(await send("other", signed("other")))).toEqual([422, "key-reused"]);
  });

  test("is taken under the old secret and the new, and with other signatures beside", async () => {
    const old = `whsec_${randomBytes(32).toString("base64")}`;
    const { send } = await start([SECRET, old]);
    expect((await send("x", signed("x", { id: "a" }))).status).toBe(201);
    expect((await send("x", signed("x", { id: "b", secret: old }))).status).toBe(201);
    const headers = signed("x", { id: "c" });
    const many = `v1a,${"A".repeat(86)}== v1,${"A".repeat(43)}= ${headers["webhook-signature"]}`;
    expect((await send("x", { ...headers, "webhook-signature": many })).status).toBe(201);
  });

  test("has sixteen signatures that are looked at: the seventeenth is none, whatever it fits", async () => {
    const { send } = await start([SECRET]);
    const beside = (count: number, { "webhook-signature": own, ...headers }: ReturnType<typeof signed>) => ({
      ...headers,
      "webhook-signature": [...Array(count).fill(`v1,${"A".repeat(43)}=`), own].join(" "),
    });
    expect((await send("x", beside(15, signed("x", { id: "a" })))).status).toBe(201);
    expect(await problemOf(await send("x", beside(16, signed("x", { id: "b" }))))).toEqual([403, "bad-signature"]);
  });

  test.each<[string, Record<string, string>]>([
    ["unsigned", {}],
    ["of another body", signed("y")],
    ["under another secret", signed("x", { secret: `whsec_${randomBytes(24).toString("base64")}` })],
    ["of another version", signed("x", { version: "v2" })],
    ["of another id", { ...signed("x"), "webhook-id": "msg_18" }],
    ["of an id with a dot, which could be split elsewhere", signed("x", { id: "msg.17" })],
    ["too old", signed("x", { at: Date.now() / 1000 - 400 })],
    ["of the future", signed("x", { at: Date.now() / 1000 + 400 })],
    ["without a time", { ...signed("x"), "webhook-timestamp": "now" }],
    ["with an empty id", signed("x", { id: "" })],
    [
      "with a signature that is cut",
      { ...signed("x"), "webhook-signature": signed("x")["webhook-signature"].slice(0, -4) },
    ],
  ])("%s is refused", async (_what, headers) => {
    const { send, disk, url, service } = await start([SECRET]);
    expect(await problemOf(await send("x", headers))).toEqual([403, "bad-signature"]);
    expect([disk.written, service.admission.held]).toEqual([[], 0]);
    const figures = await (await fetch(`${url}/metrics`)).text();
    expect(figures).toContain('authentication_failures_total{reason="signature"} 1\n');
  });

  test("the example that implementations of the standard share", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const webhook = webhookOf(headers, 1_614_265_330_000);
    const secret = secretBytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    expect(() => checkSignature(webhook, [secret], Buffer.from('{"test": 2432232314}'))).not.toThrow();
    expect(() => checkSignature(webhook, [secret], Buffer.from('{"test": 2432232315}'))).toThrow(
      "No webhook-signature",
    );
  });
});

test("headers that the operator named are sealed with each record, and no other", async () => {
  const disk = fakeDisk();
  const { post } = await startService(disk.openWriter, { keptHeaders: ["x-github-event", "x-none"] });
  const headers = { "x-github-event": "push", "x-other": "other", "content-type": "application/x-ndjson" };
  expect((await post("a\nb\n", headers)).status).toBe(201);
  expect(disk.heads[0]).toEqual(
    Array(2).fill({ "x-github-event": "push", producer: "shop", time: expect.any(String) }),
  );
  expect((await post("x", { "x-github-event": "x".repeat(4097) })).status).toBe(400);
});
