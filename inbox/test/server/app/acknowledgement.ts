import { Identity, JournalReader, JournalWriter } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { describe, expect, test, vi } from "vitest";
import { Overtaken } from "../../../src/codes.js";
import { parseLedger, placeIn } from "../../../src/retention/ledger.js";
import { Directory } from "../../../src/store/directory/store.js";
import { createToken } from "../../../src/store/tokens.js";
import type { OpenWriter } from "../../../src/writer.js";
import { type Settings, startService, user } from "../../service.js";
import { diskError, problemOf } from "./shared.js";

describe("an acknowledgement", () => {
  const writer = Identity.generate();
  const openWriter: OpenWriter = async ({ journal, ...options }) =>
    JournalWriter.open(journal, { ...options, sign: (await writer).identity });

  /** A service with a real journal of two epochs, and what its reader has of each. */
  async function withJournal(settings: Settings = {}) {
    const running = await startService(openWriter, settings);
    const { url, post, service, reader } = running;
    const put = (body: string | Uint8Array, token = reader) =>
      fetch(`${url}/v1/inboxes/till/acknowledgement`, {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
        body: body as string,
      });
    const cursors: string[] = [];
    for (const record of ["one", "two"]) {
      service.inboxes.nextEpoch();
      await post(record);
      const options = { keys: [user], from: [(await writer).identity.signer] };
      const journal = await JournalReader.open({ path: running.place.journal }, options);
      for await (const _ of journal);
      cursors.push(Buffer.from(journal.cursor!).toString());
    }
    return { ...running, put, cursors: cursors as [string, string] };
  }

  test("is kept, for the reader that the token names, and goes forward", async () => {
    const { put, cursors, place } = await withJournal();
    const first = await put(cursors[0]);
    expect([first.status, await first.json()]).toEqual([200, { end: placeIn(cursors[0]).end }]);
    expect((await put(cursors[1])).status).toBe(200);
    expect((await put(cursors[1])).status).toBe(200);
    const back = await put(cursors[0]);
    expect([back.status, await problemOf(back)]).toEqual([409, "behind"]);
    const { token } = await createToken(place, "reader", "bob");
    expect((await put(cursors[0], token)).status).toBe(200);
    const { readers } = parseLedger(await place.ledger.get());
    expect([...readers]).toEqual([
      ["ann", cursors[1]],
      ["bob", cursors[0]],
    ]);
  });

  test("is refused where it is no cursor of this journal, whatever is wrong with it", async () => {
    const { put, cursors, place } = await withJournal();
    const flip = (text: string, field: string) =>
      text.replace(new RegExp(`^${field} (.)`, "m"), (_all, digit) => `${field} ${digit === "1" ? "2" : "1"}`);
    const wrong = ["chain", "header", "journal", "epoch", "end"].map((field) => flip(cursors[0], field));
    const ends = ["header", "journal", "epoch", "end"].map((field) => flip(cursors[1], field));
    const others = [...ends, cursors[1].replace("for reading", "for verifying"), `${cursors[1]} `, "", "\xff"];
    for (const text of [...wrong, ...others, flip(cursors[0], "chain")]) {
      const refused = await put(text);
      expect([refused.status, await problemOf(refused)], text).toEqual([422, "bad-cursor"]);
    }
    expect(await place.ledger.get()).toBeNull();
    const long = await put("x".repeat(5000));
    expect([long.status, await problemOf(long)]).toEqual([413, "too-large"]);
  });

  test("comes again where another process changes the same, which is no failure of the store", async () => {
    const { put, cursors, place, service } = await withJournal();
    const swap = vi.spyOn(Object.getPrototypeOf(place.ledger), "swap");
    swap.mockRejectedValueOnce(ioError("cannot write", new Overtaken("another process does")));
    const busy = await put(cursors[0]);
    expect([busy.status, await problemOf(busy), service.fitness.failing]).toEqual([503, "busy", 0]);
    expect((await put(cursors[0])).status).toBe(200);
    swap.mockRestore();
  });

  test("is taken of readers alone, while the store takes it, and not too fast", async () => {
    const { put, cursors, producer, place, service } = await withJournal({ rate: 4 });
    expect((await put(cursors[0], "nobodys-token")).status).toBe(401);
    expect((await put(cursors[0], producer)).status).toBe(403);
    const swap = vi.spyOn(Object.getPrototypeOf(place.ledger), "swap");
    for (const [error, status] of [
      [diskError("ENOSPC"), 507],
      [diskError("EIO"), 503],
      [new TypeError("a bug"), 500],
    ] as const) {
      swap.mockRejectedValueOnce(error);
      expect((await put(cursors[0])).status).toBe(status);
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(cursors[0])));
    expect(answers.map(({ status }) => status)).toContain(429);
    service.stop();
    expect((await put(cursors[0])).status).toBe(503);
    swap.mockRestore();
  });

  test("of an inbox that was removed is refused, as all else, now and when the service is started anew", async () => {
    const { put, cursors, post, get, url, directory, place } = await withJournal();
    const hook = (await createToken(place, "producer", "hook", { way: "url" })).token;
    await directory.remove("till");
    const gone = async (response: Response) => [response.status, await problemOf(response)];
    // For a second, a token is as it was when it came last.
    for (const send of [() => put(cursors[0]), () => post("x")])
      await vi.waitFor(async () => expect((await send()).status).toBe(410), { timeout: 5000, interval: 100 });
    const asked = () => [
      put(cursors[0]),
      post("x"),
      get(),
      fetch(`${url}/v1/inboxes/till/hooks/${hook}`, { method: "POST", body: "x" }),
    ];
    for (const response of await Promise.all(asked())) expect(await gone(response)).toEqual([410, "gone"]);
    expect((await get({}, "HEAD")).status).toBe(410);
    const again = await Directory.open(directory.path);
    expect(await again.list()).toEqual([]);
    await expect(again.settings("till")).rejects.toMatchObject({ message: "there is no inbox till" });
  });
});
