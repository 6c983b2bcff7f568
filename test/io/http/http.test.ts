// Files on a web server that does what servers do, and on one that lies. A server can make a download fail, and nothing
// worse.

import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Bytes } from "../../../src/bytes.js";
import { native } from "../../../src/crypto/native.js";
import { inline } from "../../../src/engine/inline.js";
import type { SealError } from "../../../src/errors.js";
import { openTo } from "../../../src/files/open.js";
import { sealTo } from "../../../src/files/seal.js";
import { verifySource } from "../../../src/files/verify.js";
import { bytesSource } from "../../../src/io/bytes.js";
import { openUrl, type UrlOptions } from "../../../src/io/http/http.js";
import { parseHttpHeader } from "../../../src/io/http/request.js";
import { failure, identityFile, memorySink, newPerson } from "../../support.js";
import { type Handler, type Manners, type Site, serving, site } from "../server.js";

const CHUNK = 65536;
const NOW = 1_800_000_000_000;
const sender = await newPerson();
const recipient = await newPerson();
const plaintext = createHash("shake256", { outputLength: 20 * CHUNK + 1234 })
  .update("file")
  .digest();
const POLICY = { allowUnsigned: false, now: NOW };
const SIGNERS = [sender.signingKey.publicKey];

/** A patience that tests can wait for. */
const QUICK: UrlOptions = { patience: { connect: 1000, stall: 150, attempts: 4, delay: 2 } };

let sealed: Bytes;
let other: Bytes;
const running: { close(): Promise<void> }[] = [];

async function sealedOf(bytes: Uint8Array): Promise<Bytes> {
  const sink = memorySink();
  await sealTo(bytesSource(bytes), sink, {
    suite: native,
    engine: inline,
    recipients: [recipient.publicKey],
    signer: sender.signingKey,
    label: "",
    chunkExponent: 16,
    now: NOW,
  });
  return Uint8Array.from(sink.released());
}

beforeAll(async () => {
  sealed = await sealedOf(plaintext);
  other = await sealedOf(plaintext);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function serve(handler: Handler): Promise<Site> {
  const server = await site(handler);
  running.push(server);
  return server;
}

/** A server of raw bytes. */
async function raw(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  running.push({ close: async () => void server.close() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Opens a URL; what was released, and the error, if there was one. */
async function fetched(url: string, options: UrlOptions = {}, range?: { first: number; last: number }) {
  const notes: string[] = [];
  const sink = memorySink();
  const work = async () => {
    const source = await openUrl(url, { ...QUICK, note: (text) => notes.push(text), ...options });
    try {
      const identities = [identityFile(recipient)];
      await openTo(source, sink, { suite: native, engine: inline, identities, from: SIGNERS, policy: POLICY, range });
    } finally {
      await source.close();
    }
  };
  const error: SealError | null = await work().then(
    () => null,
    (error) => failure(Promise.reject(error)),
  );
  const released = sink.released();
  const first = range?.first ?? 0;
  expect(released.equals(plaintext.subarray(first, first + released.length)), "never a wrong byte").toBe(true);
  return { released, error, notes, state: sink.state };
}

async function whole(url: string, options: UrlOptions = {}) {
  const result = await fetched(url, options);
  expect(result.error).toBe(null);
  expect(result.released.length).toBe(plaintext.length);
  return result;
}

async function refused(url: string, code: string, message: RegExp, options: UrlOptions = {}) {
  const result = await fetched(url, options);
  expect(result.error?.message).toMatch(message);
  expect(result.error?.code).toBe(code);
  expect(result.state).not.toBe("committed");
  return result;
}

describe("a good server", () => {
  test("a file is opened, with one request and as it is", async () => {
    const server = await serve(serving(sealed));
    await whole(`${server.url}/f.sealed`);
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]!.headers).toMatchObject({ "accept-encoding": "identity" });
    expect(server.asked[0]!.headers.range).toBe(undefined);
    expect(server.served).toBe(sealed.length);
  });

  test("a file is verified", async () => {
    const source = await openUrl((await serve(serving(sealed))).url, QUICK);
    const verified = await verifySource(source, {
      suite: native,
      engine: inline,
      policy: { ...POLICY, from: SIGNERS },
    });
    await source.close();
    expect(verified.bytes).toBe(plaintext.length);
  });

  test("a body of unknown length", async () => {
    await whole((await serve(serving(sealed, { chunked: true }))).url);
  });

  test("a slow one: each byte in time is enough", async () => {
    const { notes } = await whole((await serve(serving(sealed, { pause: 10 }))).url, { patience: { stall: 100 } });
    expect(notes).toEqual([]);
  });

  test("a slow one that sends enough, however long it takes", async () => {
    const server = await serve(serving(sealed, { pause: 10 }));
    const { notes } = await whole(server.url, { patience: { stall: 300, least: 16384 } });
    expect(notes).toEqual([]);
  });

  test("a slow reader is no stalling server", async () => {
    const server = await serve(serving(sealed));
    const source = await openUrl(server.url, QUICK);
    await source.read(10);
    await sleep(400);
    expect((await source.read(sealed.length)).length).toBe(sealed.length - 10);
    await source.close();
    expect(server.asked).toHaveLength(1);
  });
});

describe("a range", () => {
  test("takes the header, the last record and the records that hold it", async () => {
    const server = await serve(serving(sealed));
    const range = { first: 5 * CHUNK + 7, last: 7 * CHUNK };
    const { released, error } = await fetched(server.url, { parts: "needed" }, range);
    expect([error, released.length]).toEqual([null, range.last - range.first + 1]);
    expect(server.asked).toHaveLength(3);
    expect(server.served).toBeLessThan(65536 + 4 * (CHUNK + 112));
  });

  test("that ends in the last record, and one of that alone", async () => {
    const server = await serve(serving(sealed));
    for (const first of [19 * CHUNK, 20 * CHUNK + 5]) {
      const last = plaintext.length - 1;
      const { released, error } = await fetched(server.url, { parts: "needed" }, { first, last });
      expect([error, released.length]).toEqual([null, last - first + 1]);
    }
  });

  test("goes on where a connection breaks", async () => {
    const server = await serve(serving(sealed, { drops: [undefined, 100, undefined, 70_000] }));
    const { released, error } = await fetched(server.url, { parts: "needed" }, { first: 0, last: 6 * CHUNK });
    expect([error, released.length]).toEqual([null, 6 * CHUNK + 1]);
  });

  test("from a server that gives no parts is an error, and nothing is released", async () => {
    const server = await serve(serving(sealed, { ignoresRange: true }));
    const { error, released } = await fetched(server.url, { parts: "needed" }, { first: 0, last: 9 });
    expect(error).toMatchObject({ code: "io", message: expect.stringMatching(/does not serve parts of files/) });
    expect(released.length).toBe(0);
  });

  test("a lie about the size is found in the last record", async () => {
    const server = await serve(serving(sealed.subarray(0, sealed.length >> 1)));
    const { error, released } = await fetched(server.url, { parts: "needed" }, { first: 0, last: 9 });
    expect([error?.code, released.length]).toEqual(["tampered", 0]);
  });
});

describe("a connection that breaks", () => {
  test("ten times: the file comes once", async () => {
    const drops = Array.from({ length: 10 }, (_, i) => 66_000 + 7919 * i);
    const server = await serve(serving(sealed, { drops }));
    const { notes } = await whole(server.url);
    expect(server.asked).toHaveLength(11);
    expect(notes).toHaveLength(10);
    expect(notes[0]).toMatch(/resuming at byte \d+$/);
    expect(server.served).toBeLessThan(sealed.length + 10 * CHUNK);
    expect(server.asked[1]!.headers["if-range"]).toBe('"one"');
  });

  test("at the first byte, inside the header and at the last", async () => {
    await whole((await serve(serving(sealed, { drops: [0, 20, 1, sealed.length - 22] }))).url);
  });

  test("with a server that stalls", async () => {
    const server = await serve(serving(sealed, { stalls: [100_000, 300_000] }));
    const { notes } = await whole(server.url);
    expect(notes).toEqual([expect.stringMatching(/stopped sending/), expect.stringMatching(/stopped sending/)]);
  });

  test("by a reset", async () => {
    const good = serving(sealed);
    const server = await serve((request, response, self) => {
      if (self.asked.length > 1) return good(request, response, self);
      response.writeHead(200, { "content-length": sealed.length, etag: '"one"' });
      response.write(sealed.subarray(0, 90_000), () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
    });
    const { notes } = await whole(server.url);
    expect(notes).toHaveLength(1);
  });

  test("with a server that is busy for a while afterwards", async () => {
    await whole((await serve(serving(sealed, { drops: [100_000], statuses: [undefined, 503, 429] }))).url);
  });

  test("that is busy at first: whoever waits is told, but for the first time", async () => {
    const { notes } = await whole((await serve(serving(sealed, { statuses: [503, 503, 503] }))).url);
    expect(notes).toEqual(Array(2).fill(expect.stringMatching(/answered 503 .*; trying again$/)));
  });

  test("and progress counts the attempts anew", async () => {
    await whole((await serve(serving(sealed, { drops: [1, 1, 1, 80_000, 1, 1, 80_000, 1, 1] }))).url);
  });

  test("again and again, without progress", async () => {
    const server = await serve(serving(sealed, { drops: Array(20).fill(1) }));
    await refused(server.url, "io", /at byte 4\).*4 times in a row/);
    expect(server.asked).toHaveLength(4);
  });

  test("with a server that never sends", async () => {
    await refused((await serve(serving(sealed, { stalls: Array(20).fill(0) }))).url, "io", /stopped sending, 4 times/);
  });

  test("with a server that dies meanwhile", async () => {
    const server = await serve(serving(sealed, { drops: [100_000] }));
    const source = await openUrl(server.url, QUICK);
    await source.read(10);
    await server.close();
    expect((await failure(source.read(sealed.length))).message).toMatch(/refused, 4 times/);
    await source.close();
  });

  test("and a wait ends when the signal aborts", async () => {
    const server = await serve(serving(sealed, { drops: Array(20).fill(1) }));
    const controller = new AbortController();
    const patience = { ...QUICK.patience, delay: 60_000 };
    const source = await openUrl(server.url, { signal: controller.signal, patience });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    const began = Date.now();
    await expect(source.read(1000)).rejects.toThrow(/enough/);
    expect(Date.now() - began).toBeLessThan(5000);
    await source.close();
  });
});

describe("what cannot be gone on with", () => {
  test("a server that ignores Range", async () => {
    const server = await serve(serving(sealed, { drops: [100_000], ignoresRange: true }));
    await refused(server.url, "io", /at byte 100000\): .*ignores Range/);
    expect(server.asked).toHaveLength(2);
  });

  const altering = (n: number) => (n === 0 ? sealed : other);
  test.each<[string, Manners]>([
    ["its ETag, heeding If-Range", { body: altering, headers: (n) => ({ etag: `"${n}"` }) }],
    ["its size", { body: (n) => sealed.subarray(0, sealed.length - n), headers: () => ({ etag: undefined }) }],
    [
      "its size, growing",
      { body: (n) => Buffer.concat([sealed, Buffer.alloc(n)]), headers: () => ({ etag: undefined }) },
    ],
    ["its size, so that the part is gone", { body: (n) => (n === 0 ? sealed : sealed.subarray(0, 900)) }],
    ["its weak ETag", { headers: (n) => ({ etag: `W/"${n}"` }) }],
    ["its date", { headers: (n) => ({ etag: undefined, "last-modified": `Wed, 0${n + 1} Jan 2025 00:00:00 GMT` }) }],
  ])("a file that has changed %s", async (_what, manners) => {
    await refused((await serve(serving(sealed, { drops: [100_000], ...manners }))).url, "io", /has changed$/);
  });

  test("a file that has changed without a trace is found by its chain", async () => {
    const manners = { body: altering, headers: () => ({ etag: undefined }) };
    const server = await serve(serving(sealed, { drops: [100_000], ...manners }));
    const { error } = await refused(server.url, "tampered", /chunk 1 /);
    expect(error?.chunk).toBe(1);
  });

  test.each([
    ["another part than was asked for", "bytes 99999-@/#", /another part/],
    ["a part that it does not name", undefined, /does not say which part/],
    ["a part that it names badly", "bytes 1-x/9", /does not say which part/],
  ])("%s", async (_what, range, message) => {
    const server = await serve((request, response) => {
      if (!request.headers.range) {
        response.writeHead(200, { "content-length": sealed.length });
        return void response.write(sealed.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
      }
      const named = range?.replace("@", String(sealed.length - 1)).replace("#", String(sealed.length));
      response.writeHead(206, named === undefined ? {} : { "content-range": named });
      response.end(sealed.subarray(100_000));
    });
    await refused(server.url, "io", message);
  });

  test("a part where all was asked for", async () => {
    const server = await serve((_request, response) => {
      response.writeHead(206, { "content-range": `bytes 5-${sealed.length - 1}/${sealed.length}` });
      response.end(sealed.subarray(5));
    });
    await refused(server.url, "io", /a part, though all/);
  });
});

describe("a lying server", () => {
  test("promises more than it has", async () => {
    await refused((await serve(serving(sealed, { lie: 1000 }))).url, "io", /has changed|stopped sending|no such part/);
  });

  test("promises less", async () => {
    const length = sealed.length - 70_000;
    const url = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
      socket.write(sealed);
    });
    await refused(url, "tampered", /chunk/);
  });

  test("gives more in a part than it names", async () => {
    const url = await raw((socket) => {
      socket.write(`HTTP/1.1 206 Part\r\nContent-Range: bytes 0-99/100\r\nContent-Length: ${sealed.length}\r\n\r\n`);
      socket.write(sealed);
    });
    await refused(url, "io", /more bytes than it announced/, { parts: "wanted" });
  });

  test("gives a file cut off, as if it were whole", async () => {
    const { error } = await refused((await serve(serving(sealed.subarray(0, 700_000)))).url, "tampered", /chunk 10 /);
    expect(error?.chunk).toBe(10);
  });

  test("gives garbage instead of a file", async () => {
    await refused((await serve(serving(plaintext))).url, "malformed", /not a sealed file/);
  });

  test("alters a byte", async () => {
    const altered = sealed.slice();
    altered[500_000]! ^= 1;
    const { error } = await refused((await serve(serving(altered))).url, "tampered", /chunk 7 /);
    expect(error?.chunk).toBe(7);
  });

  test("compresses", async () => {
    const server = await serve(serving(sealed, { headers: () => ({ "content-encoding": "gzip" }) }));
    await refused(server.url, "io", /compresses/);
  });

  test("speaks no HTTP", async () => {
    await refused(await raw((socket) => void socket.end("SSH-2.0-OpenSSH\r\n")), "io", /the answer is not HTTP/);
  });

  test("sends a byte now and then, for ever", async () => {
    const server = await serve(serving(sealed, { pause: 20, piece: 1 }));
    await refused(server.url, "io", /almost nothing, 4 times/);
    expect(server.asked).toHaveLength(4);
  });

  test("does not answer", async () => {
    await refused((await serve(() => undefined)).url, "io", /does not answer, 4 times/);
  });

  test("sends headers without end", async () => {
    const url = await raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write(`x: ${"y".repeat(5000)}\r\n`), 1);
      socket.on("close", () => clearInterval(timer));
    });
    await refused(url, "io", /headers are too long/);
  });

  test.each([404, 403, 500, 204])("answers %d", async (status) => {
    const server = await serve(serving(sealed, { statuses: Array(9).fill(status) }));
    const { error } = await refused(server.url, "io", RegExp(`answered ${status}`));
    expect(error?.message).toContain(server.url);
  });
});

describe("redirects", () => {
  const to =
    (location: string | undefined): Handler =>
    (_request, response) =>
      void response.writeHead(302, location === undefined ? {} : { location }).end();

  test("are followed, and a break goes on at their end", async () => {
    const end = await serve(serving(sealed, { drops: [100_000] }));
    const server = await serve(to(`${end.url}/there?x=1`));
    await whole(server.url);
    expect([server.asked.length, end.asked.length]).toEqual([1, 2]);
    expect(end.asked[0]!.url).toBe("/there?x=1");
  });

  test("that have expired are asked for again", async () => {
    const end = await serve(serving(sealed, { drops: [100_000], statuses: [undefined, 403] }));
    const server = await serve(to(end.url));
    await whole(server.url);
    expect(server.asked).toHaveLength(2);
  });

  test("have an end", async () => {
    const server = await serve(to("/again"));
    await refused(server.url, "io", /redirects/);
    expect(server.asked).toHaveLength(11);
  });

  test.each(["file:///etc/passwd", "ftp://127.0.0.1/", "http://:x", undefined])("to %s are not", async (location) => {
    await refused((await serve(to(location))).url, "io", /redirect/);
  });

  test("take headers and passwords along to no other origin", async () => {
    const headers = [parseHttpHeader("Authorization: Bearer hush"), parseHttpHeader("X-Token: hush")];
    const end = await serve(serving(sealed));
    const server = await serve((request, response, self) =>
      to(request.url === "/a" ? "/b" : `http://user:word@127.0.0.1:${end.port}/`)(request, response, self),
    );
    await whole(`${server.url}/a`, { headers });
    expect(server.asked).toHaveLength(2);
    for (const { headers } of server.asked) {
      expect(headers).toMatchObject({ authorization: "Bearer hush", "x-token": "hush" });
    }
    expect(JSON.stringify(end.asked)).not.toMatch(/hush|authorization/i);
  });
});

describe("credentials", () => {
  const guarded = (expected: string): Handler => {
    const good = serving(sealed, { drops: [100_000] });
    return (request, response, self) => {
      if (request.headers.authorization === expected) good(request, response, self);
      else response.writeHead(401).end();
    };
  };

  test("in the address are sent as basic authentication, and shown nowhere", async () => {
    const server = await serve(guarded(`Basic ${Buffer.from("me:p@ss/w").toString("base64")}`));
    const { notes } = await whole(`http://me:p%40ss%2Fw@127.0.0.1:${server.port}/f`);
    const { error } = await refused(`http://me:wrongword@127.0.0.1:${server.port}/f`, "io", /answered 401/);
    expect(error?.reason).toBe("credentials");
    expect(JSON.stringify([notes, error, error?.message, error?.stack])).not.toMatch(/p@ss|p%40ss|wrongword|me:/);
  });

  test("as a header", async () => {
    const server = await serve(guarded("Bearer hush"));
    await whole(server.url, { headers: [parseHttpHeader("authorization:   Bearer hush ")] });
  });

  test.each([
    "Authorization Bearer hush",
    ": hush",
    "A b: hush",
    "X-Y: hush\nhush",
    "Range: bytes=5-hush",
    "accept-encoding: hush",
  ])("a header that is none, or not the caller's to set, is not repeated: %j", (line) => {
    let error: SealError | undefined;
    try {
      parseHttpHeader(line);
    } catch (thrown) {
      error = thrown as SealError;
    }
    expect(error?.code).toBe("usage");
    expect(error?.message).not.toMatch(/hush/);
  });

  test("an address that is none is not repeated", async () => {
    const error = await failure(openUrl("https://me:hush/@host:x/"));
    expect(error.code).toBe("usage");
    expect(`${error.message} ${error.hint}`).not.toMatch(/hush/);
  });
});
