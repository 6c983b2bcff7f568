// Acknowledgements that come together, and a journal that is shortened while one is checked.

import { holdLock, Identity, JournalReader, JournalWriter } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { expect, test } from "vitest";
import { isOvertaken, Overtaken } from "../../src/codes.js";
import { storageProblem } from "../../src/problem.js";
import { acknowledged, changeLedger, parseLedger, placeIn } from "../../src/retention/ledger.js";
import { standing } from "../../src/retention/standing.js";
import { locked } from "../../src/store/directory/files.js";
import { Directory, initDirectory } from "../../src/store/directory/store.js";
import type { Place } from "../../src/store/store.js";
import { folder } from "../folder.js";

const { identity } = await Identity.generate();

/** An inbox with one record, the cursor behind it, and another view of the same inbox. */
async function withInbox() {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  const store = await Directory.open(path);
  await store.add("till", { label: "till", recipients: [identity.recipient] });
  const place = store.place("till");
  const writer = await JournalWriter.open({ path: place.journal }, { to: [identity.recipient], sign: identity });
  await writer.append(Buffer.from("one"));
  await writer.close();
  const reader = await JournalReader.open({ path: place.journal }, { keys: [identity], from: [identity.signer] });
  for await (const _ of reader);
  return { place, cursor: Buffer.from(reader.cursor!).toString("latin1"), path, store };
}

test("all of many that come together are kept", async () => {
  const { store, cursor } = await withInbox();
  const names = Array.from({ length: 60 }, (_, i) => `reader-${i}`);
  // Each request has its own view of the place.
  const all = names.map((name) =>
    changeLedger(store.place("till").ledger, (before) => acknowledged(before, name, cursor)),
  );
  await Promise.all(all);
  const { readers } = parseLedger(await store.place("till").ledger.get());
  expect([...readers.keys()]).toEqual(names);
});

test("one that throws leaves the others their turn", async () => {
  const { place, cursor } = await withInbox();
  const failing = changeLedger(place.ledger, () => {
    throw new RangeError("behind");
  });
  const next = changeLedger(place.ledger, (before) => acknowledged(before, "ann", cursor));
  await expect(failing).rejects.toThrow("behind");
  expect([...(await next).readers.keys()]).toEqual(["ann"]);
});

test("a lock that somebody else has is no failure of the disk", { timeout: 120_000 }, async () => {
  const { place } = await withInbox();
  const path = place.ledger.name;
  const held = await holdLock(path, { name: path });
  const error = await locked(path, async () => {}).catch((thrown) => thrown);
  await held.release();
  expect(error).toMatchObject({ code: "io", message: `${path} is being changed by another process` });
  expect(storageProblem(error)).toMatchObject({ problem: "busy", cause: undefined, retryAfter: 1 });
  await expect(locked(`${path}/none`, async () => {})).rejects.not.toSatisfy(isOvertaken);
});

test("a journal that is shortened while it is looked at is looked at again, and is no failure", async () => {
  const { place, cursor } = await withInbox();
  let shortened = 2;
  const shrinking: Pick<Place, "reading"> = {
    reading: async () => {
      const reading = await place.reading();
      if (shortened-- > 0)
        reading.readAt = async () => {
          throw ioError("cannot read till", new Overtaken("it was shortened while it was read"));
        };
      return reading;
    },
  };
  expect(await standing(shrinking, placeIn(cursor))).toBe("there");
  shortened = 3;
  const error = await standing(shrinking, placeIn(cursor)).catch((thrown) => thrown);
  expect(storageProblem(error)).toMatchObject({ problem: "busy", cause: undefined });
});
