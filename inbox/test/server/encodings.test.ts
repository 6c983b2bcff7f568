// Bodies that come compressed: what is sealed, compared, signed and limited is what they were before.

import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import * as decoding from "../../src/encodings/decode.js";
import { createToken } from "../../src/store/tokens.js";
import { fakeDisk } from "../fake-writer.js";
import { type Settings, startService } from "../service.js";

async function start(settings: Settings = {}) {
  const disk = fakeDisk();
  return { ...(await startService(disk.openWriter, settings)), disk };
}

const texts = ({ written }: { written: readonly (readonly unknown[])[] }) =>
  written.map((records) => records.map((record) => Buffer.from(record as Uint8Array).toString()));

const problemOf = async (response: Response) => {
  const { type, detail } = (await response.json()) as { type: string; detail: string };
  return [response.status, type.replace("urn:seal-inbox:", ""), detail];
};

const KEY = "0b2f3c9e-7a51-4f0e-8f60-3f1ad2c1b7aa";
/** Of one block as it is. */
const zstd = (text: string) => {
  const head = Buffer.alloc(3);
  head.writeUIntLE(1 | (Buffer.byteLength(text) << 3), 0, 3);
  return Buffer.concat([Buffer.from("28b52ffd0058", "hex"), head, Buffer.from(text)]);
};
const EVENT = '{"id":"1","source":"/shop","type":"order","specversion":"1.0"}';

describe.each([
  ["gzip", gzipSync],
  ["zstd", zstd],
] as const)("a body in %s", (encoding, encode) => {
  const headers = { "content-encoding": encoding };

  test("is one record, a record a line, an event, or many", async () => {
    const { post, disk } = await start();
    for (const [type, body] of [
      ["application/octet-stream", "a\nb\n"],
      ["application/x-ndjson", "a\nb\n"],
      ["application/cloudevents+json", EVENT],
      ["application/cloudevents-batch+json", `[${EVENT},${EVENT}]`],
    ] as const)
      expect((await post(encode(body), { ...headers, "content-type": type })).status, type).toBe(201);
    expect(texts(disk)).toEqual([["a\nb\n"], ["a", "b"], [EVENT], [EVENT, EVENT]]);
    expect(JSON.stringify(disk.heads)).not.toContain(encoding);
  });

  test("is the same request when it is sent again in another way, or as it is", async () => {
    const { post, disk } = await start();
    const key = { "idempotency-key": KEY };
    for (const body of [encode("x"), encode("x")]) expect((await post(body, { ...headers, ...key })).status).toBe(201);
    const again = [
      await post("x", key),
      await post(gzipSync("x", { level: 0 }), { "content-encoding": "gzip", ...key }),
    ];
    for (const response of again) expect([response.status, await response.json()]).toEqual([201, { records: 1 }]);
    expect((await problemOf(await post(encode("y"), { ...headers, ...key }))).slice(0, 2)).toEqual([422, "key-reused"]);
    expect(texts(disk)).toEqual([["x"]]);
  });

  test("is counted as it was", async () => {
    const { post, url } = await start();
    await post(encode("x".repeat(500)), headers);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("seal_inbox_record_bytes_total 500\n");
  });

  test("that holds nothing holds no record", async () => {
    const { post } = await start();
    for (const body of [encode(""), ""])
      expect((await problemOf(await post(body, headers))).slice(0, 2)).toEqual([400, "no-record"]);
  });

  test("that is cut, longer than it says, or none at all is refused, and room is given back", async () => {
    const { post, disk, service } = await start();
    const body = encode("a record");
    for (const bad of [body.subarray(0, -1), Buffer.concat([body, Buffer.from("x")]), Buffer.from("a record")]) {
      const [status, name, detail] = await problemOf(await post(bad, headers));
      expect([status, name]).toEqual([400, "bad-encoding"]);
      expect(detail).toMatch(/^The body cannot be decoded as its Content-Encoding says: [a-zA-Z ]+\.$/);
    }
    expect([disk.written, service.admission.held]).toEqual([[], 0]);
  });

  test("that is signed as a webhook is signed as it was before it was encoded", async () => {
    const { url, place, disk } = await start();
    const secret = randomBytes(24);
    const secrets = [`whsec_${secret.toString("base64")}`];
    const { token } = await createToken(place, "producer", "hook", { way: "url", secrets });
    const send = (signed: string | Buffer, id: string) => {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const digest = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(signed).digest("base64");
      const own = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${digest}` };
      const init = { method: "POST", headers: { ...headers, ...own }, body: encode("x") as unknown as string };
      return fetch(`${url}/v1/inboxes/till/hooks/${token}`, init);
    };
    expect((await problemOf(await send(encode("x"), "a"))).slice(0, 2)).toEqual([403, "bad-signature"]);
    expect((await send("x", "b")).status).toBe(201);
    expect(texts(disk)).toEqual([["x"]]);
  });
});

test.each(["br", "deflate", "gzip, gzip", "gzip,zstd", "identity, gzip", "", "gzip;q=1"])(
  "an encoding that is not taken is refused before its body is read, with those that are: %j",
  async (encoding) => {
    const { post, disk, service } = await start();
    const hold = vi.spyOn(service.admission, "hold");
    const response = await post(gzipSync("x"), { "content-encoding": encoding });
    expect(response.headers.get("accept-encoding")).toBe("gzip, zstd");
    expect((await problemOf(response)).slice(0, 2)).toEqual([415, "content-encoding"]);
    expect([disk.written, hold.mock.calls]).toEqual([[], []]);
  },
);

test("names of encodings are read in any case, and identity is none", async () => {
  const { post, disk } = await start();
  for (const encoding of ["GZip", "x-gzip"])
    expect((await post(gzipSync("x"), { "content-encoding": encoding })).status).toBe(201);
  expect((await post("x", { "content-encoding": "Identity" })).status).toBe(201);
  expect(texts(disk)).toEqual([["x"], ["x"], ["x"]]);
});

test("the limit is that of bodies, for what comes and for what becomes of it", async () => {
  const { post, disk, service } = await start({ maxBody: 1000 });
  const headers = { "content-encoding": "gzip" };
  const stored = (text: string | Buffer) => gzipSync(text, { level: 0 });
  expect((await post(gzipSync(Buffer.alloc(1000)), headers)).status).toBe(201);
  for (const body of [gzipSync(Buffer.alloc(1001)), gzipSync(Buffer.alloc(2 ** 24)), stored(randomBytes(990))])
    expect((await problemOf(await post(body, headers))).slice(0, 2)).toEqual([413, "too-large"]);
  const parts = new Blob([stored(randomBytes(990))]).stream();
  expect((await problemOf(await post(parts, headers))).slice(0, 2)).toEqual([413, "too-large"]);
  expect([disk.written.length, service.admission.held]).toEqual([1, 0]);
});

test("a bomb takes no more room than there is, for a moment, and what it took is given back", async () => {
  const { post, service } = await start({ maxBody: 1_000_000, maxHeld: 100_000 });
  const [status, name] = await problemOf(await post(gzipSync(Buffer.alloc(1_000_000)), { "content-encoding": "gzip" }));
  expect([status, name, service.admission.held]).toEqual([503, "busy", 0]);
  expect((await post("x".repeat(100_000))).status).toBe(201);
});

test("while a long one is decoded, others have their turn", async () => {
  const { post } = await start({ maxBody: 4_000_000 });
  const body = gzipSync(Buffer.alloc(4_000_000, "some text, some more text; "));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const found = decoding.decoded("gzip", Buffer.from(body), 4_000_000, () => undefined);
  await found;
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(20);
  expect((await post(body, { "content-encoding": "gzip" })).status).toBe(201);
});

test.each([
  ["gzip", gzipSync("")],
  ["zstd", zstd("")],
] as const)("so have they while one of very many parts is decoded: %s", async (encoding, part) => {
  const body = Buffer.alloc(20_000 * part.length, part);
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  expect((await decoding.decoded(encoding, body, 1000, () => undefined)).length).toBe(0);
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(10);
});

test("what was sent, and what a refused body had become, are overwritten", async () => {
  const plain = readFileSync(new URL(import.meta.url), "utf8").slice(0, 5000);
  const taken: Uint8Array[] = [];
  const output = vi.spyOn((await import("../../src/encodings/output.js")).Output.prototype, "wipe");
  const body = gzipSync(plain);
  body[body.length - 5]! ^= 1;
  await expect(decoding.decoded("gzip", body, 10_000, () => undefined)).rejects.toThrow("checksum");
  for (const { bytes } of output.mock.contexts as { bytes: Uint8Array }[]) taken.push(bytes);
  expect([body, ...taken].map((bytes) => bytes.length > 1000 && bytes.every((byte) => byte === 0))).toEqual([
    true,
    true,
  ]);
  output.mockRestore();
});
