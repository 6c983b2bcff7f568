// A thief after a passphrase: neither it nor what scrypt makes of it stays in memory, and of the file no more than work
// under way needs.

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { passphraseSecrets } from "./keys.js";
import { memoryOf, obstacle } from "./memory.js";
import { addIdentity, Needles } from "./needles.js";
import { calling, opening, record, Site, sealing, type Victim } from "./victims.js";

vi.setConfig({ testTimeout: 300_000 });

const parent = mkdtempSync(join(tmpdir(), "seal-thief-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
const thief = test.skipIf(obstacle() !== null);

const KIND = "post-quantum";

/** A site whose files are for a passphrase, in the file of that name. */
function siteOf(): { site: Site; passphrase: string } {
  const site = new Site(parent, KIND);
  const passphrase = `pass-${createHash("sha256").update(randomBytes(32)).digest("base64url")}`;
  writeFileSync(site.path("passphrase"), `${passphrase}\n`);
  writeFileSync(site.path("small"), record());
  return { site, passphrase };
}

/** What of the file's secrets is in a victim's memory. An identity's own are its process's to keep. */
async function foundIn(victim: Victim, site: Site, passphrase: string, made: Buffer): Promise<string[]> {
  const needles = new Needles();
  for (const [name, secret] of Object.entries(passphraseSecrets(made, passphrase))) needles.addSecret(name, secret);
  needles.add("passphrase", Buffer.from(passphrase));
  needles.add("passphrase (UTF-16)", Buffer.from(passphrase, "utf16le"));
  addIdentity(needles, "writer", site.writer);
  const found = [...needles.foundIn(memoryOf(victim.pid))].filter((name) => !name.startsWith("writer: ")).sort();
  await victim.end();
  return found;
}

thief("while `seal --passphrase` is at work, it has the payload key, and nothing else", async () => {
  const { site, passphrase } = siteOf();
  const { victim, made } = await sealing(site, "passphrase");
  expect(await foundIn(victim, site, passphrase, made)).toEqual(["payload key"]);
});

thief("while `open` is at work by a passphrase, it has the payload key, and nothing else", async () => {
  const { site, passphrase } = siteOf();
  const { victim: sealer, made } = await sealing(site, "passphrase");
  await sealer.end();
  writeFileSync(site.path("made"), Buffer.concat([made, Buffer.alloc(2 ** 20)]));
  const victim = await opening(site, "reader.key", "passphrase");
  expect(await foundIn(victim, site, passphrase, made)).toEqual(["payload key"]);
});

thief.each(["sealPassphrase", "openPassphrase"] as const)(
  "nothing of a passphrase or of its file is left after the library's work: %s",
  async (command) => {
    const { site, passphrase } = siteOf();
    let victim = await calling(site, "sealPassphrase");
    if (command === "openPassphrase") {
      await victim.end();
      victim = await calling(site, command);
    }
    expect(await foundIn(victim, site, passphrase, readFileSync(site.path("made")))).toEqual([]);
  },
);
