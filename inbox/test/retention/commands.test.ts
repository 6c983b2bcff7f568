// Commands that change what readers have acknowledged, several at once, or while another process does.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { holdLock, Identity, JournalReader, JournalWriter } from "@sealed-files/seal";
import { expect, test } from "vitest";
import { acknowledged, changeLedger, parseLedger } from "../../src/retention/ledger.js";
import { Directory } from "../../src/store/directory/store.js";
import { createToken } from "../../src/store/tokens.js";
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
  return { place, ids, readers, revoke };
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

test("while another process changes the same, a command waits; for too long, it says so, and is no bug", {
  timeout: LIMIT,
}, async () => {
  const { place, ids, readers, revoke } = await withReaders();
  const path = place.ledger.name;
  const held = await holdLock(path, { name: path });
  const refused = await revoke(ids[0]!);
  const message = `${join("box", "inboxes", "till", "readers.json")} is being changed by another process`;
  expect(refused).toMatchObject({ status: 3, stdout: "" });
  expect(refused.stderr).toMatch(/^seal-inbox: error: [^\n]*\n(seal-inbox: hint: [^\n]*\n)?$/);
  expect(refused.stderr).toContain(message);
  const json = await revoke(ids[1]!, "--json");
  expect([json.status, JSON.parse(json.stdout)]).toMatchObject([3, { ok: false, code: "io", exit: 3 }]);
  expect(JSON.parse(json.stdout).message).toContain(message);
  expect(await readers()).toEqual(["ann", ...NAMES]);
  await held.release();
  // Whose token is gone is forgotten by whichever command comes next.
  expect(await revoke(ids[2]!)).toMatchObject({ status: 0 });
  expect(await readers()).toEqual(["ann", ...NAMES.slice(3)]);
});
