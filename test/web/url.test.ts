// The library for browsers on addresses, by the fetch that Node has: connections that break, servers that do badly.

import { afterAll, describe, expect, test } from "vitest";
import { type Manners, type Site, serving, site } from "../io/server.js";
import { web } from "./built.js";

const { Identity, inspect, open, SealError, seal, verify } = web;

const plaintext = Uint8Array.from({ length: 400_000 }, (_, i) => (i * 31) % 251);
const { identity } = await Identity.generate({ classic: true });
const from = [identity.signer];
const sealed = await sealedBytes();
const sites: Site[] = [];

async function sealedBytes(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const take = (bytes: Uint8Array) => void parts.push(bytes.slice());
  await seal(plaintext, take, { to: [identity.recipient], sign: identity, chunkSize: 16384 });
  return Buffer.concat(parts);
}

async function serve(manners: Manners = {}, bytes: Uint8Array = sealed): Promise<Site> {
  const server = await site(serving(bytes, manners));
  sites.push(server);
  return server;
}

afterAll(async () => {
  for (const server of sites) await server.close();
});

async function opened(url: string, more: object = {}): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await open({ url }, (bytes) => void parts.push(bytes.slice()), { keys: [identity], from, ...more });
  return Buffer.concat(parts);
}

async function failure(promise: Promise<unknown>): Promise<InstanceType<typeof SealError>> {
  const error = await promise.then(
    () => null,
    (error) => error,
  );
  expect(error).toBeInstanceOf(SealError);
  return error;
}

test("an address is opened, verified and inspected, and asked for once", async () => {
  const { url, asked } = await serve();
  expect((await opened(url)).equals(plaintext)).toBe(true);
  expect(asked.map(({ headers }) => headers.range)).toEqual(["bytes=0-"]);
  expect((await verify({ url }, { from })).bytes).toBe(plaintext.length);
  expect((await inspect({ url })).bytes).toBe(plaintext.length);
});

test.each([
  ["that breaks twice", { drops: [150_000, 100_000] }],
  ["that is reset", { drops: [150_000], resets: true }],
  ["whose server is busy in between", { drops: [150_000], statuses: [undefined, 503] }],
] as [string, Manners][])("a connection %s goes on at the next byte", async (_how, manners) => {
  const { url, asked } = await serve(manners);
  expect((await opened(url)).equals(plaintext)).toBe(true);
  const starts = asked.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range!)![1]));
  expect(starts[0]).toBe(0);
  expect(starts.at(-1)).toBeGreaterThan(0);
  expect(starts.at(-1)).toBeLessThanOrEqual(250_000);
});

test("parts of two versions are not put together", async () => {
  const headers = (turn: number) => ({ etag: turn === 0 ? '"one"' : '"two"' });
  const { url } = await serve({ drops: [150_000], headers });
  expect(await failure(opened(url))).toMatchObject({ code: "io", message: expect.stringContaining("has changed") });
});

test("a server without parts is read once, and does not do where it breaks, nor for a range", async () => {
  expect((await opened((await serve({ ignoresRange: true })).url)).equals(plaintext)).toBe(true);
  const fault = { code: "io", message: expect.stringContaining("does not serve parts") };
  expect(await failure(opened((await serve({ ignoresRange: true, drops: [150_000] })).url))).toMatchObject(fault);
  const range = { first: 100_000, last: 100_009 };
  expect(await failure(opened((await serve({ ignoresRange: true })).url, { range }))).toMatchObject(fault);
});

test("a range asks for what it needs", async () => {
  const server = await serve();
  const range = { first: 100_000, last: 100_009 };
  expect((await opened(server.url, { range })).equals(plaintext.subarray(100_000, 100_010))).toBe(true);
  expect(server.served).toBeLessThan(sealed.length / 2);
});

test("refusals are told, without what gives access", async () => {
  const { url } = await serve({ statuses: [404, 401] });
  const secret = url.replace("//", "//user:hush@");
  const error = await failure(opened(`${secret}/a?token=hush`));
  expect(error).toMatchObject({ code: "io", input: `${url}/a?token=…` });
  expect(error.message).toMatch(/cannot read .*: the server answered 404/);
  expect(JSON.stringify([error.message, error.input])).not.toContain("hush");
  expect(await failure(opened(secret))).toMatchObject({ reason: "credentials" });
  expect(await failure(opened("ftp://example.org/"))).toMatchObject({ code: "usage" });
});

test("credentials go to the address, and are not carried along by a redirect", async () => {
  const server = await serve();
  await verify({ url: server.url.replace("//", "//user:hush@"), headers: { "X-Token": "quiet" } }, { from });
  expect(server.asked[0]!.headers).toMatchObject({
    authorization: `Basic ${Buffer.from("user:hush").toString("base64")}`,
    "x-token": "quiet",
  });
  const elsewhere = await site((_request, response) => void response.writeHead(302, { location: server.url }).end());
  sites.push(elsewhere);
  const before = server.asked.length;
  expect((await verify({ url: elsewhere.url }, { from })).bytes).toBe(plaintext.length);
  const headers = { "X-Token": "quiet" };
  expect(await failure(verify({ url: elsewhere.url, headers }, { from }))).toMatchObject({ code: "io" });
  expect(server.asked.length).toBe(before + 1);
  expect(await failure(verify({ url: server.url, headers: { Range: "bytes=0-" } }, { from }))).toMatchObject({
    code: "usage",
  });
});

test("nothing at all, and an empty file", async () => {
  const server = await serve({}, new Uint8Array());
  expect(await failure(opened(server.url))).toMatchObject({ code: "malformed" });
  await server.close();
  expect(await failure(opened(server.url))).toMatchObject({ code: "io" });
});

describe("a signal", () => {
  test("ends a download with its reason", async () => {
    const { url } = await serve({ pause: 50 });
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 200);
    await expect(opened(url, { signal: controller.signal })).rejects.toBe(reason);
  });
});
