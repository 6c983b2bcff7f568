// Who may do what, and where.

import { describe, expect, test } from "vitest";
import { createToken, revokeToken } from "../../../src/store/tokens.js";
import { diskError, type Head, KEY, problemOf, seen, start } from "./shared.js";

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
