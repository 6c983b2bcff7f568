// A thief: another process, which reads the memory of a sealer after it has done its work, garbage and all, and looks
// for whatever opens what was sealed.

import * as nodeCrypto from "node:crypto";
import { createCipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { Identity } from "../../src/index.js";
import { IS_WHOLE, oneIn } from "../whole.js";
import { fileSecrets, type Head, journalSecrets, readHead, type Secrets } from "./keys.js";
import { memoryOf, obstacle } from "./memory.js";
import { addIdentity, Needles, secretsOf } from "./needles.js";
import { ephemeralsOf, tried } from "./trial.js";
import {
  appending,
  calling,
  KINDS,
  opening,
  record,
  SEAL,
  Site,
  sealingBeside,
  sealLarge,
  serving,
  type Victim,
} from "./victims.js";

oneIn(3);

// A hundred megabytes, tried window by window, take a while on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const parent = mkdtempSync(join(tmpdir(), "seal-thief-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const why = obstacle();
if (why) console.warn(`the thief's tests are skipped: ${why}`);
const thief = test.skipIf(why !== null);

/** What was tried of the victims before, and so is part of the program: what seals is drawn anew for each of them. */
const seen = new Set<string>();

function look(victim: Victim, needles: Needles, name: string, head: Head | null = null): string[] {
  const known = [...needles.foundIn(memoryOf(victim.pid))].sort();
  const found = head ? [...known, ...tried(memoryOf(victim.pid), head, seen)] : known;
  if (process.env.THIEF_OUT)
    appendFileSync(process.env.THIEF_OUT, `${JSON.stringify({ node: process.version, name, found })}\n`);
  return found;
}

/** noble's ML-KEM, where Node has none, leaves its half of a stanza's secret behind, which alone opens nothing. */
const isLeftByNoble = (name: string) => !("encapsulate" in nodeCrypto) && name.startsWith("ML-KEM's ");

/** An identity's own secrets are its process's to keep, as long as it signs or opens. */
const isNoIdentity = (name: string) => !/^(writer|reader): /.test(name) && !isLeftByNoble(name);

function needlesOf(secrets: Secrets, identities: Record<string, string>, records: readonly string[] = []): Needles {
  const needles = new Needles();
  for (const [name, secret] of Object.entries(secrets)) needles.addSecret(name, secret);
  for (const [name, identity] of Object.entries(identities)) addIdentity(needles, name, identity);
  for (const [i, text] of records.entries()) needles.add(`record ${i}`, Buffer.from(text.slice(7)));
  return needles;
}

/** Also what opens the frames to come, which the writer needs until the epoch ends. */
function journalNeedles(site: Site, path: string, records: readonly string[]): { needles: Needles; head: Head } {
  const { secrets, next, head } = journalSecrets(readFileSync(site.path(path)), secretsOf(site.reader).opening);
  const needles = needlesOf(secrets, { writer: site.writer }, records);
  needles.addSecret("next chain key", next);
  return { needles, head };
}

const isToCome = (name: string) => /^(next chain key|record key's seed)/.test(name);

thief.each(KINDS)(
  "of acknowledged records, `journal append` has neither a key nor a word left; of an ended epoch, nothing: %s",
  async (kind) => {
    const site = new Site(parent, kind);
    const lone = Array.from({ length: 5 }, record);
    const together = Array.from({ length: 200 }, record);
    const victim = await appending(site, lone, together);
    const { needles, head } = journalNeedles(site, "journal", [...lone, ...together]);
    const found = look(victim, needles, `journal append, ${kind}`, head).filter(isNoIdentity);
    victim.signal("SIGHUP");
    const ended = () => [...needles.foundIn(memoryOf(victim.pid))].filter(isNoIdentity);
    await expect.poll(ended, { timeout: 60_000, interval: 500 }).toEqual([]);
    await victim.end();
    // What opens what is to come is there, and found.
    expect([found.some(isToCome), found.filter((name) => !isToCome(name))]).toEqual([true, []]);
  },
);

thief.each(KINDS)("of acknowledged records, the inbox has neither a key nor a word left: %s", async (kind) => {
  const site = new Site(parent, kind);
  const { victim, post } = await serving(site);
  const lone = Array.from({ length: 3 }, record);
  const together = Array.from({ length: 50 }, record);
  for (const text of lone) await post(text);
  await post(together.join("\n"), "application/x-ndjson");
  const { needles } = journalNeedles(site, "box/inboxes/till/journal.sealed", [...lone, ...together]);
  const found = look(victim, needles, "inbox at once");
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const later = look(victim, needles, "inbox after 10 s");
  await victim.end();
  const opens = (name: string) => isNoIdentity(name) && !isToCome(name);
  expect([found.filter(opens), later.filter(opens)]).toEqual([[], []]);
});

thief.each(KINDS)("what a program keeps of an encapsulation is found by trying, whatever it is: %s", async (kind) => {
  const site = new Site(parent, kind);
  sealLarge(site);
  const head = readHead(readFileSync(site.path("made")), 0, secretsOf(site.reader).opening);
  const { "HPKE key": key, "shared secret": shared } = head.hpke;
  const kept = Buffer.concat([head.fileKey, shared!, key!, head.trial.nonce, Buffer.alloc(4)]);
  writeFileSync(site.path("kept"), kept);
  const victim = await calling(site, "keep");
  const found = tried(memoryOf(victim.pid), head, seen);
  // Where the nonce is not known, it is found beside its key.
  const beside = tried([kept], { ...head, trial: { ...head.trial, nonce: Buffer.alloc(12, 1) } });
  await victim.end();
  for (const name of ["file key, tried", "HPKE key, tried", "shared secret, tried"]) {
    expect([found.includes(name), beside.includes(name)]).toEqual([true, true]);
  }
});

const CALLS = (["sealBytes", "sealMany", "sealCrowd", "seal", "openBytes", "open"] as const).flatMap((call) =>
  KINDS.map((kind) => [call, kind] as const),
);

thief.each(CALLS)("no key of the file is left after the library's %s: %s", async (command, kind) => {
  const site = new Site(parent, kind);
  sealLarge(site);
  const text = record();
  writeFileSync(site.path("small"), text);
  const victim = await calling(site, command);
  const made = readFileSync(site.path("made"));
  const reader = secretsOf(site.reader).opening;
  const secrets = fileSecrets(made, reader);
  const who = command.startsWith("seal") ? { writer: site.writer } : { reader: site.reader };
  const found = look(
    victim,
    needlesOf(secrets, who, [text]),
    `library ${command} ${kind}`,
    command === "sealBytes" || (command === "sealMany" && IS_WHOLE) ? readHead(made, 0, reader) : null,
  );
  await victim.end();
  expect(found.filter(isNoIdentity)).toEqual([]);
});

const BOTH = ["post-quantum", "classic"] as const;

thief.each(BOTH)("no key of the file is left where threads have tried the stanzas of many: %s", async (kind) => {
  const site = new Site(parent, kind);
  const others = Array.from({ length: 299 }, () => Identity.generate({ classic: kind === "classic" }));
  const crowd = (await Promise.all(others)).map(({ identity }) => identity.recipient);
  writeFileSync(site.path("crowd.pub"), [...crowd, site.recipient, ""].join("\n"));
  writeFileSync(site.path("small"), record());
  site.run(SEAL, "small", "-o", "made", "--to", "crowd.pub", "--sign", "writer.key", "-q");
  const victim = await calling(site, "openBytes");
  const secrets = fileSecrets(readFileSync(site.path("made")), secretsOf(site.reader).opening);
  const found = look(victim, needlesOf(secrets, { reader: site.reader }), `library openBytes, many, ${kind}`);
  await victim.end();
  expect(found.filter(isNoIdentity)).toEqual([]);
});

thief.each(KINDS)(
  "of the last of several files, `seal` has no key left while it waits for another: %s",
  async (kind) => {
    const site = new Site(parent, kind);
    const text = record();
    writeFileSync(site.path("small"), text);
    const { victim, made: files } = await sealingBeside(site, ["small"]);
    const made = files[0]!;
    const reader = secretsOf(site.reader).opening;
    const needles = needlesOf(fileSecrets(made, reader), { writer: site.writer }, [text]);
    const found = look(victim, needles, `seal of several, ${kind}`, readHead(made, 0, reader));
    await victim.end();
    // The record key's is left to the collector where the process ends soon: it opens nothing.
    expect(found.filter((name) => isNoIdentity(name) && !name.startsWith("record"))).toEqual([]);
  },
);

thief.each(KINDS)("of many small files, `seal` has no key left in any of its threads: %s", async (kind) => {
  const site = new Site(parent, kind);
  const names = Array.from({ length: 300 }, (_, i) => `small-${i}`);
  for (const name of names) writeFileSync(site.path(name), record());
  const { victim, made } = await sealingBeside(site, names);
  const reader = secretsOf(site.reader).opening;
  const found: string[] = [];
  // The last are those that a collection may have missed, half of them a thread's.
  for (const [i, file] of made.entries()) {
    if (i % 30 !== 0 && i < 290) continue;
    const needles = needlesOf(fileSecrets(file, reader), { writer: site.writer });
    found.push(...look(victim, needles, `seal of many, ${i}, ${kind}`));
  }
  const heads = made.map((file) => readHead(file, 0, reader));
  const ephemerals = ephemeralsOf(heads, memoryOf(victim.pid), seen);
  await victim.end();
  expect(found.filter((name) => isNoIdentity(name) && !name.startsWith("record"))).toEqual([]);
  expect(ephemerals).toEqual([]);
});

thief.each(KINDS)("while `open` is at work, it has the payload key and no other of the file: %s", async (kind) => {
  const site = new Site(parent, kind);
  sealLarge(site);
  const passphrase = `pass-${createHash("sha256").update(record()).digest("base64url")}`;
  writeFileSync(site.path("passphrase"), `${passphrase}\n`);
  const protectedKey = readFileSync(site.path("reader.key"), "utf8");
  writeFileSync(site.path("protected.key"), protect(protectedKey, passphrase));
  const victim = await opening(site, "protected.key", "passphrase");
  const secrets = fileSecrets(readFileSync(site.path("made")), secretsOf(site.reader).opening);
  const needles = needlesOf(secrets, { reader: site.reader });
  needles.add("passphrase", Buffer.from(passphrase));
  needles.add("passphrase (UTF-16)", Buffer.from(passphrase, "utf16le"));
  const found = look(victim, needles, `open, protected, ${kind}`);
  await victim.end();
  expect(found.filter(isNoIdentity)).toEqual(["payload key"]);
  expect(found.filter((name) => /bech32|5-bit/i.test(name))).toEqual([]);
});

/** The identity file under a passphrase. */
function protect(identity: string, passphrase: string): string {
  const head = Buffer.concat([Buffer.of(1), randomBytes(16)]);
  const key = scryptSync(passphrase, head.subarray(1), 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 });
  const cipher = createCipheriv("aes-256-gcm", key, Buffer.alloc(12), { authTagLength: 16 });
  cipher.setAAD(Buffer.concat([Buffer.from("seal.v1 identity\0"), head]));
  const { line } = secretsOf(identity);
  const block = Buffer.concat([head, cipher.update(line), cipher.final(), cipher.getAuthTag()]);
  const lines = block
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n");
  const [begin, end] = ["-----BEGIN SEAL PROTECTED IDENTITY-----", "-----END SEAL PROTECTED IDENTITY-----"];
  return identity.replace(line, `${begin}\n${lines}\n${end}`);
}
