// Commands that change what readers have acknowledged, several at once, or while another process does.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { holdLock, Identity, JournalReader, JournalWriter } from "@sealed-files/seal";
import { expect, test } from "vitest";
import { acknowledged, changeLedger, parseLedger } from "../../src/retention/ledger.js";
import { heldBy } from "../../src/retention/standing.js";
import { Directory } from "../../src/store/directory/store.js";
import { createToken, listGrants, readersOf } from "../../src/store/tokens.js";
import { makeSite } from "../program.js";

const LIMIT = 120_000;
const NAMES = Array.from({ length: 8 }, (_, i) => `reader-${i}`);

/** An inbox with a record that each of these readers has acknowledged, and the ids of their tokens. */
async function withReaders() {
  const site = await makeSite();
  const store = await Directory.open(join(site.path, "box"));
  const place = store.place("till");
  const [inbox, ann] = await Promise.all(
    ["inbox.key", "ann.key"].map(async (name) => Identity.parse(await readFile(join(site.path, name)))),
  );
  const options = { to: (await store.settings("till")).recipients, sign: inbox!, label: "till" };
  const writer = await JournalWriter.open({ path: place.journal }, options);
  await writer.append(Buffer.from("one"));
  await writer.close();
  const reader = await JournalReader.open({ path: place.journal }, { keys: [ann!], label: "till" });
  for await (const _ of reader);
  const cursor = Buffer.from(reader.cursor!).toString("latin1");
  const ids: string[] = [];
  for (const name of NAMES) ids.push((await createToken(place, "reader", name)).grant.id);
  for (const name of ["ann", ...NAMES])
    await changeLedger(place.ledger, (before) => acknowledged(before, name, cursor));
  const readers = async () => [...parseLedger(await place.ledger.get()).readers.keys()];
  const revoke = (id: string, ...more: string[]) => site.inbox("token", "revoke", "till", id, "--dir", "box", ...more);
  return { site, place, ids, readers, revoke };
}

test("tokens of readers that are revoked all at once: each reader is forgotten, and no other", {
  timeout: LIMIT,
}, async () => {
  const { ids, readers, revoke } = await withReaders();
  expect(await readers()).toEqual(["ann", ...NAMES]);
  const ended = await Promise.all(ids.slice(1).map((id) => revoke(id)));
  expect(ended).toEqual(ids.slice(1).map((id) => ({ status: 0, stdout: `revoked ${id}\n`, stderr: "" })));
  expect(await readers()).toEqual(["ann", NAMES[0]]);
});

test("while another process changes the same, a command waits; after too long, the token is revoked all the same", {
  timeout: LIMIT,
}, async () => {
  const { site, place, ids, readers, revoke } = await withReaders();
  const path = place.ledger.name;
  const held = await holdLock(path, { name: path });
  const busy = `${join("box", "inboxes", "till", "readers.json")} is being changed by another process`;
  const later = `What readers without a token acknowledged counts for nothing, but could not be deleted yet: ${busy}`;
  const stdout = `revoked ${ids[0]}\n`;
  expect(await revoke(ids[0]!)).toEqual({ status: 0, stdout, stderr: `seal-inbox: ${later}\n` });
  const json = await revoke(ids[1]!, "--json");
  expect([json.status, JSON.parse(json.stdout)]).toMatchObject([0, { ok: true, id: ids[1], pending: busy }]);
  expect((await listGrants(place)).map(({ id }) => id)).not.toEqual(expect.arrayContaining([ids[0], ids[1]]));
  expect(await readers()).toEqual(["ann", ...NAMES]);
  // It counts for nothing: what holds the journal back are those who have a token.
  expect([...(await heldBy(place, await readersOf(place))).keys()].sort()).toEqual(["ann", ...NAMES.slice(2)]);
  // A new token for a name that somebody had must wait until that is forgotten.
  const refused = await site.inbox("token", "create", "till", "--dir", "box", "--reader", NAMES[0]!);
  expect(refused).toMatchObject({ status: 3, stdout: "" });
  expect(refused.stderr).toMatch(/^seal-inbox: error: [^\n]*\n(seal-inbox: hint: [^\n]*\n)?$/);
  expect(refused.stderr).toContain(busy);
  await held.release();
  // Whose token is gone is forgotten by whichever command comes next.
  expect(await revoke(ids[2]!)).toMatchObject({ status: 0 });
  expect(await readers()).toEqual(["ann", ...NAMES.slice(3)]);
});
