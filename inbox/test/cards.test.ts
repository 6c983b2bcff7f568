// The cards by which services on one database know each other end, and are made anew long before that.

import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Identity } from "@sealed-files/seal";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { oneIn } from "../../test/whole.js";
import { type Card, cardChecker, signCard } from "../src/peers/card.js";
import { type Certificate, endOf, makeCertificate, pemOf } from "../src/peers/certificate.js";
import { Channels } from "../src/peers/channel.js";
import { CHANNEL, encodeHead, type Forwarded, MESSAGE_NAME, UNKNOWN } from "../src/peers/message.js";
import { nameOf, OwnCard } from "../src/peers/own.js";
import { Peers } from "../src/peers/peers.js";
import { readBody } from "../src/server/body.js";
import type { Service } from "../src/server/service.js";
import type { Leases } from "../src/store/store.js";
import { hasOwnServer, ownServer } from "./own-server.js";
import { asked } from "./postgres.js";
import { openedIn, sleep } from "./producers.js";
import { type DatabaseSite, makeDatabaseSite, type Served, serve, serveDatabase } from "./program.js";

oneIn(3);

const HOUR = 3_600_000;
const LIMIT = 120_000;
const PEERS = ["--peers", "127.0.0.1:0"];
const SHIFTED = fileURLToPath(new URL("shifted-clock.js", import.meta.url));

describe("a certificate", () => {
  test.each([
    ["now", Date.now()],
    ["at a year's end", Date.UTC(2049, 11, 31, 23)],
    ["in years of four digits", Date.UTC(2061, 1, 3)],
  ])("made %s is good from three hours before to a day later", (_when, time) => {
    const now = 1000 * Math.floor(time / 1000);
    const { bytes, key } = makeCertificate(now);
    const goodAt = (at: number) => endOf(bytes, at);
    expect([
      goodAt(now - 3 * HOUR - 1),
      goodAt(now - 3 * HOUR),
      goodAt(now + 24 * HOUR - 1),
      goodAt(now + 24 * HOUR),
    ]).toEqual([null, now + 24 * HOUR, now + 24 * HOUR, null]);
    const parsed = new X509Certificate(bytes);
    expect([parsed.verify(parsed.publicKey), parsed.checkPrivateKey(key)]).toEqual([true, true]);
  });

  test("that is good for longer than any of these is not good", () => {
    const now = Date.now();
    const { bytes } = makeCertificate(now);
    const text = new Date(now + 24 * HOUR).toISOString();
    const end = bytes.indexOf(text.slice(2, 19).replace(/[-:T]/g, ""));
    const nextYear = (Number(text.slice(2, 4)) + 1) % 50;
    bytes.write(String(nextYear).padStart(2, "0"), end, "latin1");
    expect(new X509Certificate(bytes).validTo).toContain(` 20${String(nextYear).padStart(2, "0")} `);
    expect(endOf(bytes, Date.now())).toBe(null);
  });
});

test("a card counts where it is signed, by the right one, and has not ended", async () => {
  const [{ identity }, { identity: other }] = [await Identity.generate(), await Identity.generate()];
  const goodUntil = await cardChecker(identity);
  const cardAt = (now: number, by = identity) =>
    signCard({ address: "127.0.0.1:1", certificate: makeCertificate(now).bytes }, by);
  const now = 1000 * Math.floor(Date.now() / 1000);
  expect(goodUntil(await cardAt(now))).toBe(now + 24 * HOUR);
  expect(goodUntil(await cardAt(now - 23 * HOUR))).toBe(now + HOUR);
  for (const card of [await cardAt(now - 25 * HOUR), await cardAt(now + 4 * HOUR), await cardAt(now, other)])
    expect(goodUntil(card)).toBe(null);
});

test("a card is in use until there is another one that others can know of; both can be asked for", async () => {
  const { identity } = await Identity.generate();
  const own = await OwnCard.make(identity, "127.0.0.1:1");
  const { card } = own;
  expect([own.isDue, own.contextOf(nameOf(card.certificate)) !== undefined]).toEqual([false, true]);
  const next = await own.next();
  expect(own.card).toBe(card);
  own.use(next);
  expect(own.card).toBe(next.card);
  for (const { certificate } of [card, own.card]) expect(own.contextOf(nameOf(certificate))).toBeDefined();
  expect(own.contextOf("other.seal-inbox")).toBeUndefined();
});

test("a new card is not replaced by the one before it, however long the database takes for each", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const { identity } = await Identity.generate();
  const published: Card[] = [];
  let isFirst = true;
  const leases = {
    publish: async (card: Card) => {
      const wait = isFirst ? 50 : 0;
      isFirst = false;
      await sleep(wait);
      published.push(card);
    },
    withdraw: async () => undefined,
  } as unknown as Leases;
  const options = { sign: identity, host: "127.0.0.1", port: 0, note: (what: string) => expect.fail(what) };
  const peers = await Peers.open({} as Service, leases, options);
  onTestFinished(() => peers.close());
  const [first] = published.splice(0);
  vi.setSystemTime(Date.now() + 7 * HOUR);
  isFirst = true;
  vi.advanceTimersByTime(5000);
  await vi.waitFor(() => expect(published.length).toBe(2), { timeout: 10_000 });
  expect(published.map((card) => card === first)).toEqual([true, false]);
  // And the next time, the new one is told.
  vi.advanceTimersByTime(5000);
  await vi.waitFor(() => expect(published.length).toBe(3), { timeout: 10_000 });
  expect(published[2]).toBe(published[1]);
});

const hex = (value: Uint8Array) => `'\\x${Buffer.from(value).toString("hex")}'`;

describe.skipIf(!hasOwnServer)("services on one database", () => {
  const server = ownServer();

  test("go on past the end of their first cards, an hour apart from each other", { timeout: LIMIT }, async () => {
    const site = await makeDatabaseSite(await server().database());
    const OFF = [0, HOUR, -HOUR];
    const clock = (i: number) => join(site.path, `clock-${i}`);
    const shift = (hours: number) => {
      for (const [i, off] of OFF.entries()) writeFileSync(clock(i), String(hours * HOUR + off));
    };
    shift(0);
    const services: Served[] = [];
    for (const i of OFF.keys()) {
      const env = { SEAL_INBOX_STORE: site.database, SHIFTED_CLOCK: clock(i) };
      services.push(await serve(site, PEERS, ["--import", SHIFTED], env));
    }
    const sent: string[] = [];
    const postAll = async () => {
      for (const { post } of services) {
        sent.push(`record ${sent.length}`);
        expect((await post(sent.at(-1)!)).status).toBe(201);
      }
    };
    const shown = async () => {
      const rows = await asked(site.database, "SELECT certificate FROM seal_inbox_services ORDER BY holder");
      return rows.map(({ certificate }) => hex(certificate as Buffer));
    };
    await postAll();
    const first = await shown();
    let before = first;
    for (const hours of [7, 14, 21, 28]) {
      shift(hours);
      const areNew = async () => (await shown()).every((certificate, i) => certificate !== before[i]);
      while (!(await areNew())) await postAll();
      before = await shown();
      // The ends of connections that were there.
      await sleep(1500);
      await postAll();
    }
    expect(first.length).toBe(3);
    expect(services.map(openedIn)).toEqual([1, 0, 0]);
    expect(await site.records(services[2])).toEqual(sent);
  });

  /** A card of whoever has the signing key, in the database; and its certificate. */
  async function publish(site: DatabaseSite, holder: string, port: number, made: Certificate): Promise<Card> {
    const identity = await Identity.parse(readFileSync(join(site.path, "inbox.key")));
    const card = await signCard({ address: `127.0.0.1:${port}`, certificate: made.bytes }, identity);
    const values = `'\\x${holder}', '${card.address}', ${hex(made.bytes)}, ${hex(card.signature)}`;
    await asked(
      site.database,
      `INSERT INTO seal_inbox_services VALUES (${values}, now() + interval '1 hour')
       ON CONFLICT (holder) DO UPDATE SET certificate = excluded.certificate, signature = excluded.signature`,
    );
    return card;
  }

  const pem = ({ bytes, key }: Certificate) => ({
    cert: pemOf(bytes),
    key: key.export({ type: "pkcs8", format: "pem" }) as string,
  });

  test("take nothing from who shows a card that has ended, and give nothing to one", { timeout: LIMIT }, async () => {
    const site = await makeDatabaseSite(await server().database());
    const services = [
      await serveDatabase(site, PEERS),
      await serveDatabase(site, PEERS),
      await serveDatabase(site, PEERS),
    ];
    const [{ address, certificate }] = (await asked(
      site.database,
      "SELECT address, certificate FROM seal_inbox_services ORDER BY holder",
    )) as [{ address: string; certificate: Buffer }];
    const [ended, good] = [makeCertificate(Date.now() - 25 * HOUR), makeCertificate()];
    await publish(site, "01", 1, ended);
    await publish(site, "02", 1, good);
    const port = Number(address.split(":")[1]);
    const knock = (own: Certificate) => knocked(port, { ...pem(own), servername: nameOf(certificate) });
    await expect(knock(ended)).rejects.toThrow(/hang up|reset/);
    // Let in, but there is no channel yet.
    expect(await knock(good)).toBe(UNKNOWN);

    const got: string[] = [];
    const posing = async (own: Certificate) => {
      const channels = await Channels.open();
      const thief = createServer(pem(own), async (asking, answer) => {
        const bytes = await readBody(asking, 10_000);
        const message = { name: String(asking.headers[MESSAGE_NAME]), bytes };
        const isFirst = asking.url === CHANNEL;
        got.push(isFirst ? "a key" : Buffer.from(channels.unseal(message)!).toString());
        answer.end(isFirst ? await channels.accept(bytes) : undefined);
      }).listen(0, "127.0.0.1");
      onTestFinished(() => void thief.close());
      await new Promise((resolve) => thief.once("listening", resolve));
      const { port: at } = thief.address() as { port: number };
      await asked(site.database, "DELETE FROM seal_inbox_services WHERE holder IN ('\\x01', '\\x02')");
      await publish(site, "01", at, own);
      await asked(
        site.database,
        `INSERT INTO seal_inbox_leases VALUES ('till', '\\x01', now() + interval '1 hour')
         ON CONFLICT (inbox) DO UPDATE SET holder = excluded.holder, until = excluded.until`,
      );
    };
    await posing(ended);
    expect((await services[1]!.post("one")).status).toBe(201);
    expect(got).toEqual([]);
    // One that is good is believed: so this test can tell.
    await posing(good);
    await services[2]!.post("two");
    expect(got.join("")).toContain("two");
  });
});

const FORWARDED: Forwarded = {
  inbox: "till",
  producer: "shop",
  framing: "single",
  heads: {},
  key: null,
  body: Buffer.from("forged"),
};

function knocked(port: number, tls: object): Promise<number> {
  const message = Buffer.concat([encodeHead(FORWARDED), FORWARDED.body]);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method: "POST", rejectUnauthorized: false, agent: false, ...tls };
    request({ ...options, headers: { "content-length": message.length } })
      .once("response", (response) => resolve(response.statusCode!))
      .once("error", reject)
      .end(message);
  });
}
