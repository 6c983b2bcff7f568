// Three services on one database, each of which passes on what is for an inbox that another one has open. Producers
// send to any of them, and send again to another one. SEAL_FAILOVER_ROUNDS sets how often each fault is played.

import { randomUUID, X509Certificate } from "node:crypto";
import { createServer, request } from "node:https";
import { describe, expect, onTestFinished, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { makeCertificate, pemOf } from "../src/peers/certificate.js";
import { encodeHead, type Forwarded, parseMessage, takenIn } from "../src/peers/message.js";
import { nameOf } from "../src/peers/own.js";
import { hasOwnServer, ownServer } from "./own-server.js";
import { asked } from "./postgres.js";
import { expectRecords, openedIn, produce, sleep } from "./producers.js";
import { type DatabaseSite, makeDatabaseSite, type Served, serveDatabase } from "./program.js";

const ROUNDS = Number(process.env.SEAL_FAILOVER_ROUNDS ?? (IS_WHOLE ? 2 : 1));
const LIMIT = 120_000 + 30_000 * ROUNDS;
const PEERS = ["--peers", "127.0.0.1:0"];
/** Each sends its records to the services in turn. */
const PRODUCERS = { count: 6, wandering: 6, patience: 4000 };

const peersOf = ({ log }: Served) => Number(/"msg":"peers on 127\.0\.0\.1:(\d+)"/.exec(log())![1]);

describe.skipIf(!hasOwnServer)("three services", () => {
  const server = ownServer();

  async function three(env: Record<string, string> = {}) {
    const site = await makeDatabaseSite(await server().database());
    const services = await Promise.all([1, 2, 3].map(() => serveDatabase(site, PEERS, env)));
    return { site, services };
  }

  test("take in what comes to any of them, and one alone opens the inbox", { timeout: LIMIT }, async () => {
    const { site, services } = await three();
    expect((await services[0]!.post("first")).status).toBe(201);
    const { more, end } = produce(services, PRODUCERS);
    await more(60);
    const { acknowledged, retries } = await end();
    expect([retries, services.map(openedIn)]).toEqual([0, [1, 0, 0]]);
    const key = { "idempotency-key": randomUUID() };
    for (const service of services) {
      const answer = await service.post("once", key);
      expect([answer.status, await answer.json()]).toMatchObject([201, { records: 1 }]);
    }
    const reused = await services[1]!.post("another", key);
    expect([reused.status, await reused.json()]).toMatchObject([422, { type: "urn:seal-inbox:key-reused" }]);
    const place = await (await services[2]!.post("placed")).json();
    expect(place).toMatchObject({
      records: 1,
      journal: expect.stringMatching(/^[0-9a-f]{64}$/),
      offset: expect.any(Number),
    });
    const records = await site.records(services[1]);
    expect([...records].sort()).toEqual(["first", "once", "placed", ...acknowledged].sort());
  });

  test("take in more at once than they have connections, and none takes the inbox from another", {
    timeout: LIMIT,
  }, async () => {
    const { site, services } = await three();
    expect((await services[0]!.post("first")).status).toBe(201);
    const records = Array.from({ length: 80 }, (_, i) => `record ${i}`);
    const answers = await Promise.all(records.map((record) => services[1]!.post(record)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    // What has waited is done, and the connections are there: once more.
    const again = await Promise.all(records.map((record) => services[1]!.post(`again ${record}`)));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([201]));
    expect(services.map(openedIn)).toEqual([1, 0, 0]);
    expect((await site.records(services[2])).length).toBe(161);
  });

  const FAULTS = {
    "is killed": async (services: Served[], owner: number, site: DatabaseSite) => {
      services[owner]!.child.kill("SIGKILL");
      await services[owner]!.ended;
      services[owner] = await serveDatabase(site, PEERS);
    },
    "is stopped, and wakes up": async (services: Served[], owner: number) => {
      services[owner]!.child.kill("SIGSTOP");
      await sleep(4000);
      services[owner]!.child.kill("SIGCONT");
    },
  };

  test.each(Object.entries(FAULTS))(
    "go on when the one that %s has the inbox open",
    { timeout: LIMIT },
    async (_name, strike) => {
      const { site, services } = await three();
      expect((await services[0]!.post("first", { "idempotency-key": randomUUID() })).status).toBe(201);
      const { more, end } = produce(services, PRODUCERS);
      for (let round = 0; round < ROUNDS; round++) {
        await more(20);
        const owner = services.findIndex((service) => openedIn(service) === Math.max(...services.map(openedIn)));
        await strike(services, owner, site);
      }
      await more(30);
      const { acknowledged, retries } = await end();
      expect(retries).toBeGreaterThan(0);
      await expectRecords(site, services, ["first", ...acknowledged]);
    },
  );

  test.each(["unset", "0"])(
    "give nothing to who has no card, and take nothing from him; NODE_TLS_REJECT_UNAUTHORIZED: %s",
    {
      timeout: LIMIT,
    },
    async (value) => {
      const { site, services } = await three(value === "unset" ? {} : { NODE_TLS_REJECT_UNAUTHORIZED: value });
      expect((await services[0]!.post("one")).status).toBe(201);
      const forwarded: Forwarded = {
        inbox: "till",
        producer: "shop",
        framing: "single",
        heads: {},
        key: null,
        body: Buffer.from("forged"),
      };
      const { bytes, key } = makeCertificate();
      const own = { cert: pemOf(bytes), key: key.export({ type: "pkcs8", format: "pem" }) };
      const address = `127.0.0.1:${peersOf(services[0]!)}`;
      const found = `SELECT certificate FROM seal_inbox_services WHERE address = '${address}'`;
      const servername = nameOf((await asked(site.database, found))[0]!.certificate as Buffer);
      await expect(knock(peersOf(services[0]!), own, forwarded)).rejects.toThrow(/handshake failure/);
      for (const tls of [{ servername }, { ...own, servername }])
        await expect(knock(peersOf(services[0]!), tls, forwarded)).rejects.toThrow(/hang up|reset/);
      // A thief who can write to the database poses as the owner, with a card that nobody has signed.
      const got: string[] = [];
      const thief = createServer(own, (asking, answer) => {
        got.push(asking.url!);
        asking.on("data", (piece) => got.push(String(piece)));
        answer.end();
      }).listen(0, "127.0.0.1");
      onTestFinished(() => void thief.close());
      await new Promise((resolve) => thief.once("listening", resolve));
      const { port } = thief.address() as { port: number };
      const hex = (value: Uint8Array) => `'\\x${Buffer.from(value).toString("hex")}'`;
      const card = `'\\x01', '127.0.0.1:${port}', ${hex(bytes)}, ${hex(new Uint8Array(64))}, now() + interval '1 hour'`;
      await asked(
        site.database,
        `INSERT INTO seal_inbox_services VALUES (${card})`,
        "UPDATE seal_inbox_leases SET holder = '\\x01', until = now() + interval '1 hour'",
      );
      expect((await services[1]!.post("two")).status).toBe(201);
      // And at the address of an owner that has died, whose lease is still good.
      const owner = services[1]!;
      owner.child.kill("SIGKILL");
      await owner.ended;
      thief.close();
      thief.closeAllConnections();
      thief.listen(peersOf(owner), "127.0.0.1");
      expect((await services[2]!.post("three")).status).toBe(201);
      expect(got).toEqual([]);
      expect(await site.records(services[2])).toEqual(["one", "two", "three"]);
    },
  );
});

const encodeMessage = (forwarded: Forwarded) => Buffer.concat([encodeHead(forwarded), forwarded.body]);

function knock(port: number, tls: object, forwarded: Forwarded): Promise<unknown> {
  const message = encodeMessage(forwarded);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method: "POST", rejectUnauthorized: false, ...tls };
    request({ ...options, headers: { "content-length": message.length } })
      .once("response", (response) => resolve(response.statusCode))
      .once("error", reject)
      .end(message);
  });
}

test("a certificate of one's own is one, and the key fits", () => {
  const { bytes, key } = makeCertificate();
  const parsed = new X509Certificate(bytes);
  expect([parsed.verify(parsed.publicKey), parsed.checkPrivateKey(key), parsed.subject]).toEqual([
    true,
    true,
    "CN=seal-inbox",
  ]);
  expect(parsed.checkIssued(parsed)).toBe(true);
  expect(new X509Certificate(makeCertificate().bytes).serialNumber).not.toBe(parsed.serialNumber);
});

test("a message is what was passed on, and nothing else is one", () => {
  const forwarded: Forwarded = {
    inbox: "a",
    producer: "b",
    framing: "lines",
    heads: { time: "ü" },
    key: null,
    body: Buffer.from("x\n"),
  };
  expect(parseMessage(encodeMessage(forwarded))).toEqual(forwarded);
  const wrong = { framing: "else", inbox: 1, heads: { time: 1 }, key: 1, producer: null };
  for (const [name, value] of Object.entries(wrong))
    expect(() => parseMessage(encodeMessage({ ...forwarded, [name]: value } as Forwarded))).toThrow("no message");
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(10), Buffer.from("\xff\xff\xff\xff{}", "latin1")])
    expect(() => parseMessage(bytes)).toThrow("no message");
  const taken = { count: 1, replayed: false, frame: { journal: "0".repeat(64), position: 1 } };
  expect(takenIn(JSON.stringify({ taken }))).toEqual(taken);
  expect(() => takenIn('{"problem":"busy","detail":"d","retryAfter":2}')).toThrow(
    expect.objectContaining({ problem: "busy", retryAfter: 2 }),
  );
  for (const text of [
    "",
    "{}",
    '{"problem":"toString"}',
    '{"taken":{"count":"1"}}',
    '{"taken":{"count":1,"replayed":true,"frame":{}}}',
  ])
    expect(() => takenIn(text), text).toThrow();
});
