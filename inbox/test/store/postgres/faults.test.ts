// A database that goes: its connection at every ninth message, itself, and one that would lose what it has committed.

import type { SealError } from "@sealed-files/seal";
import { describe, expect, onTestFinished, test } from "vitest";
import { all, ascending, FRAME, frame, freshTerm, HEADER, header } from "../../../../test/journal/store-place.js";
import { parseAddress } from "../../../src/store/postgres/address.js";
import { Pool, type Session } from "../../../src/store/postgres/pool.js";
import { initPostgres, PostgresStore } from "../../../src/store/postgres/store.js";
import { hasOwnServer, ownServer } from "../../own-server.js";
import { asked, startPostgres } from "../../postgres.js";
import { identity, keyed, openInbox, recordsIn, sendAll, settings } from "../contract.js";
import { wireTo } from "./wire.js";

const LIMIT = 300_000;
/** Messages from one cut to the next. SEAL_CUT_STEP=1 takes minutes. */
const STEP = Number(process.env.SEAL_CUT_STEP ?? 9);
const SAFE = { allowUnsafe: false };

describe.skipIf(!hasOwnServer)("PostgreSQL", { timeout: LIMIT }, () => {
  const server = ownServer();

  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail("no"),
      (error) => error as SealError,
    );

  async function prepared(by = server()) {
    const url = await by.database();
    await initPostgres(parseAddress(url, false), SAFE);
    const store = await PostgresStore.open(parseAddress(url, false), SAFE);
    await store.add("till", settings);
    return { url, store };
  }

  const texts = ["one", "two", "three"];
  const requests = texts.map((text) => [text, keyed(text, `the-key-of-record-${text}`)] as const);

  test.each(["before", "answer"] as const)(
    "has each record once, at whatever message the connection is cut (%s)",
    async (where) => {
      let cuts = 0;
      for (let at = 0, isHit = true; isHit; at += STEP) {
        const { url, store } = await prepared();
        const wire = await wireTo(server().port);
        const through = Object.assign(new URL(url), { port: String(wire.port) }).href;
        wire.cut = { at, where };
        const open = () => PostgresStore.open(parseAddress(through, false), SAFE);
        const cutStore = await open().catch(open);
        await sendAll(cutStore, [...requests, ...requests], null);
        expect(await recordsIn(store.place("till")), `${where} ${at}`).toEqual(texts);
        isHit = wire.sent > at;
        if (isHit) cuts++;
        await cutStore.close();
        wire.close();
        await store.close();
      }
      expect(cuts).toBeGreaterThan(3);
    },
  );

  test("an inbox goes on when the server was killed and is there again", async () => {
    // One of its own: another would first go through what the tests before have written.
    const own = await startPostgres();
    onTestFinished(() => own.remove());
    const { store } = await prepared(own);
    const inbox = await openInbox(store.place("till"));
    await inbox.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"));
    await own.kill();
    expect((await failure(inbox.append([Buffer.from("two")], keyed("two", "key-of-the-second-one")))).code).toBe("io");
    expect((await failure(store.probe())).code).toBe("io");
    await own.start();
    await inbox.append([Buffer.from("two")], keyed("two", "key-of-the-second-one"));
    expect(await inbox.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"))).toMatchObject({
      replayed: true,
    });
    await inbox.close();
    expect(await recordsIn(store.place("till"))).toEqual(["one", "two"]);
    await store.close();
  });

  test("a journal that the database refuses to shorten is as it was, and that is known", async () => {
    const { url, store } = await prepared();
    const journal = await store.place("till").writing();
    expect(await journal.takeTerm(freshTerm())).toEqual({ is: "done" });
    for (const piece of [header, frame]) expect(await journal.append(piece)).toEqual({ is: "done" });
    await asked(url, "ALTER TABLE seal_inbox_pieces ADD CONSTRAINT small CHECK (length <> 30) NOT VALID");
    const base = ascending(30, 1);
    expect(await journal.shorten(null, base, 100)).toMatchObject({ is: "failed", error: { code: "io" } });
    expect(await all(journal)).toEqual([...HEADER, ...FRAME]);
    await asked(url, "ALTER TABLE seal_inbox_pieces DROP CONSTRAINT small");
    expect(await journal.shorten(null, base, 100)).toEqual({ is: "done" });
    expect(await all(journal)).toEqual([...base, ...FRAME]);
    await store.close();
  });

  test.each(["synchronous_commit", "default_transaction_read_only"])(
    "a database whose %s would break the promise is refused, and a word lets it pass where it may",
    async (name) => {
      const { url, store } = await prepared();
      await store.close();
      const value = name === "synchronous_commit" ? "off" : "on";
      await asked(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET ${name} = ${value}`);
      const refused = await failure(PostgresStore.open(parseAddress(url, false), SAFE));
      expect([refused.code, refused.message]).toEqual(["io", expect.stringMatching(/is off$|read-only$/)]);
      const let_ = PostgresStore.open(parseAddress(url, false), { allowUnsafe: true });
      if (value === "off") await (await let_).close();
      else expect((await failure(let_)).code).toBe("io");
    },
  );

  test("of several hosts the one that can be written is used", async () => {
    const { url, store } = await prepared();
    const two = url.replace(/127\.0\.0\.1:(\d+)/, "127.0.0.1:1,127.0.0.1:$1");
    const other = await PostgresStore.open(parseAddress(two, false), SAFE);
    expect(await other.list()).toEqual(["till"]);
    await other.close();
    await store.close();
  });

  test("a commit that the server has a warning about is not taken for done", async () => {
    const { url, store } = await prepared();
    await store.close();
    const pool = new Pool(parseAddress(url, false), SAFE);
    const raise = (level: string, code: string) => (session: Session) =>
      session.query(`DO $$ BEGIN RAISE ${level} 'only here' USING ERRCODE = '${code}'; END $$`);
    await pool.transaction(raise("NOTICE", "42P07"));
    for (const code of ["01000", "57P01"])
      expect(await failure(pool.transaction(raise("WARNING", code)))).toMatchObject({ code: "io" });
    await pool.close();
  });

  test("what the database holds opens no record, and is no token", async () => {
    const { url, store } = await prepared();
    const inbox = await openInbox(store.place("till"));
    await inbox.append([Buffer.from("a record that nobody reads here")], keyed("x", "key-that-nobody-reads-here"));
    await inbox.close();
    await store.close();
    const { Client } = await import("pg");
    const client = new Client(url);
    await client.connect();
    const tables = [
      "seal_inboxes",
      "seal_inbox_tokens",
      "seal_inbox_journals",
      "seal_inbox_pieces",
      "seal_inbox_keys",
      "seal_inbox_asides",
    ];
    const rows: Record<string, unknown>[] = [];
    for (const name of tables) rows.push(...(await client.query(`SELECT * FROM ${name}`)).rows);
    await client.end();
    const all = Buffer.concat(rows.flatMap((row) => Object.values(row).map((value) => Buffer.from(bytesOf(value)))));
    expect(all.length).toBeGreaterThan(2000);
    for (const secret of ["a record that nobody reads here", "key-that-nobody-reads-here"])
      expect(all.includes(secret)).toBe(false);
    expect(all.includes(identity.recipient)).toBe(true);
  });
});

const bytesOf = (value: unknown) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)));

describe("the address of a database", () => {
  const refused = (text: string, isPublic = true) => {
    try {
      return parseAddress(text, isPublic).name;
    } catch (error) {
      return (error as SealError).message;
    }
  };

  test("is told without user and password, and holds none where others can read it", () => {
    const secret = "postgres://ann:very-secret@db.example:6432/box";
    expect(parseAddress(secret, false)).toMatchObject({
      name: "postgres://db.example:6432/box",
      hosts: [{ host: "db.example", port: 6432, user: "ann", database: "box" }],
    });
    expect(refused(secret)).toBe("the database's address on the command line holds a password");
    const wrongs = [
      "ann:very-secret@h:x/d",
      "a@h/d#f",
      "ann:very@secret@h/d",
      "ann:very/secret@h/d",
      "ann:a@b,secret@h",
    ];
    for (const wrong of wrongs.map((each) => `postgres://${each}`))
      expect(refused(wrong)).toBe("the database's address is malformed");
    expect(refused("postgres://a@h/d?options=-c")).toContain("unknown part: options");
    expect(refused("postgres://a@h/d?sslmode=prefer")).toContain("verify-full");
  });

  test("is encrypted unless it stays on the machine, or says otherwise", () => {
    const tls = (text: string) => parseAddress(text, true).hosts.map(({ ssl }) => ssl !== false);
    expect(tls("postgres://a@db.example,other/d")).toEqual([true, true]);
    expect(tls("postgres://a@localhost/d")).toEqual([false]);
    expect(tls("postgres://a@127.0.0.2,127.0.0.1.example/d")).toEqual([false, true]);
    expect(tls("postgres://a@/d?host=/run/postgresql")).toEqual([false]);
    expect(tls("postgres://a@db.example/d?sslmode=disable")).toEqual([false]);
    expect(tls("postgres://a@localhost/d?sslmode=verify-full")).toEqual([true]);
  });
});
