// The vectors of fixtures/ in a browser, the same ones as in Node.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { fixture, shown } from "../support.js";
import { STEP } from "../whole.js";
import { type Browser, browse, hasChromium, scriptOf } from "./chromium.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Their names, from the fixtures themselves. */
function namesOfAll(): string[] {
  const files = JSON.parse(fixture("vectors.json").toString());
  const journals = JSON.parse(fixture("journals.json").toString());
  const names = (kind: string, items: { name: string }[]) =>
    items.filter((_, i) => i % STEP === 0).map(({ name }) => `${kind}: ${name}`);
  return [
    ...names("file", files.vectors),
    ...names("range", files.ranges),
    ...names("text form", files.armored),
    ...names("key", files.texts),
    ...names("identity", files.identities),
    ...names("contacts", files.contacts),
    ...names("public keys", files.publicKeys),
    ...names(
      "fingerprint",
      files.fingerprints.map(({ key }: { key: string }) => ({ name: key })),
    ),
    ...names("journal", journals.vectors),
    ...names("cursor", journals.cursors),
  ];
}

const made = new Map<string, Promise<string>>();

function derive(passphrase: string, salt: string): Promise<string> {
  const which = `${passphrase} ${salt}`;
  const secret = async () => toHex(shown(await native.scrypt(copySecret(fromHex(passphrase)), fromHex(salt))));
  if (!made.has(which)) made.set(which, secret());
  return made.get(which)!;
}

let browser: Browser;

beforeAll(async () => {
  if (!hasChromium) return;
  const worker = readFileSync(here("../../dist/web-worker.js"), "utf8");
  const text = JSON.stringify(worker).replaceAll("</", "<\\/");
  browser = await browse(`globalThis.workerText = ${text};\n${await scriptOf(here("vectors/page.ts"))}`);
  browser.serve("/fixtures/", (path, response) => response.end(fixture(path)));
  // What takes a second each time is done here, by a suite that gives the same bytes (test/crypto/hash.test.ts).
  await browser.page.exposeFunction("derive", derive);
}, 120_000);
afterAll(() => browser?.close());

test.skipIf(!hasChromium)(
  "come out as they should, with two workers",
  async () => {
    const most = 2;
    const { names, wrong, workers } = await browser.page.evaluate((asked) => runVectors(asked), { most, step: STEP });
    expect(wrong).toEqual([]);
    expect(names).toEqual(namesOfAll());
    expect(workers).toBe(most);
    expect(browser.faults).toEqual([]);
  },
  600_000,
);
