// Reading journals: hostile records, many, changed ones; saving what was read.

import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { type JournalRecord, JournalWriter } from "@sealed-files/seal";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { cast } from "./people.js";

const EVIL = '<script>window.evil = 1</script><img src="x" onerror="window.evil = 2">';
const BIDI = "pay \u202e001\u202c now\0\u001b[31m";
/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

describe.skipIf(!HAS_BROWSER)("a journal from a file", () => {
  async function journalOf(records: readonly JournalRecord[]) {
    const people = await cast();
    const path = people.at("records.journal");
    const writer = await JournalWriter.open({ path }, { to: [people.ann.recipient], sign: people.bob });
    if (records.length > 0) await writer.append(records);
    return { people, path, writer };
  }

  async function read(page: Page, key: string, path: string): Promise<void> {
    await unlock(page, key);
    await go(page, "Pick up");
    await page.getByLabel("Or a journal that you have as a file").setInputFiles(path);
  }

  test("hostile records do nothing, and show as what they are", async () => {
    const heads = { producer: `x\u202e${EVIL}`, type: `text/html;${"y".repeat(3000)}`, time: "never" };
    const records = [
      { record: Buffer.from(EVIL), heads },
      { record: Buffer.from(BIDI), heads: {} },
      { record: Buffer.from("z".repeat(3_000_000)), heads: {} },
      { record: PIXEL, heads: { type: "image/svg+xml" } },
      {
        record: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="window.evil = 3"/>`),
        heads: { type: "image/svg+xml" },
      },
      { record: Buffer.from([0xff, 0xfe, 0x00]), heads: {} },
      { record: Buffer.alloc(0), heads: {} },
    ];
    const { people, path, writer } = await journalOf(records);
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "7 new records" }).waitFor();
    const list = page.getByRole("list", { name: "Records" });
    const said = await list.innerText();
    expect(said).toContain(EVIL);
    expect(said).toContain("pay \\u202e001\\u202c now\\x00\\x1b[31m");
    expect(said).toContain("The first 16.4 kB of 3 MB. Save it to see all.");
    expect(said).not.toContain("\u202e");
    expect(said.length).toBeLessThan(25_000);
    await list.getByRole("button", { name: "Show the image" }).click();
    await list.getByRole("img", { name: "Record, image/png" }).waitFor();
    expect(await page.evaluate(() => (window as { evil?: number }).evil)).toBeUndefined();
    expect(await list.locator("script, iframe, object, embed, svg, a").count()).toBe(0);
  });

  test("all are saved as files, whose names are the page's own", async () => {
    const heads = { producer: "../../evil", type: "../x" };
    const records = [
      { record: Buffer.from("one"), heads },
      { record: PIXEL, heads },
      { record: Buffer.from('{"a":1}'), heads },
    ];
    const { people, path, writer } = await journalOf(records);
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "3 new records" }).waitFor();
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Save all as files (zip)" }).click());
    await writeFile(people.at("records.zip"), saved.bytes);
    const listed = execFileSync("python3", [
      "-c",
      "import sys, zipfile, json; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps({n: z.read(n).hex() for n in z.namelist()}))",
      people.at("records.zip"),
    ]);
    expect(JSON.parse(listed.toString())).toEqual({
      "record-1.txt": Buffer.from("one").toString("hex"),
      "record-2.png": PIXEL.toString("hex"),
      "record-3.json": Buffer.from('{"a":1}').toString("hex"),
    });
  });

  test("more than fits at once comes in parts", async () => {
    const { people, path, writer } = await journalOf([]);
    for (let batch = 0; batch < 3; batch++)
      await writer.append(Array.from({ length: 10_000 }, (_, i) => Buffer.from(`record ${10_000 * batch + i}`)));
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: /20,000 new records/ }).waitFor();
    await page.getByText("50 of 20,000 shown.").waitFor();
    await page.getByRole("button", { name: "Go on: fetch more" }).click();
    await page.getByRole("heading", { name: /10,000 new records/ }).waitFor();
    expect(await page.getByRole("list", { name: "Records" }).innerText()).toContain("record 20000");
  });

  test("a changed frame is refused, and what came before it is shown", async () => {
    const { people, path, writer } = await journalOf([Buffer.from("good one")]);
    await writer.append([Buffer.from("bad one, as somebody changed it")]);
    await writer.close();
    const bytes = await readFile(path);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(path, bytes);
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "Refused: it was changed, or is cut short" }).waitFor();
    const said = await page.getByRole("main").innerText();
    expect(said).toContain("What came before this place was checked, and is shown.");
    expect(said).toContain("good one");
    expect(said).not.toContain("bad one");
  });

  test("locking the key takes the records away", async () => {
    const { people, path, writer } = await journalOf([Buffer.from("a secret record")]);
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "1 new record" }).waitFor();
    await go(page, "Your key");
    await page.getByRole("button", { name: "Lock the key" }).click();
    await go(page, "Pick up");
    await page.getByText("This needs your key.").waitFor();
    expect(await page.getByRole("main").innerText()).not.toContain("a secret record");
  });

  test("a second contacts file takes back nothing that the first revoked", async () => {
    const { people, path, writer } = await journalOf([Buffer.from("a record")]);
    await writer.close();
    await writeFile(people.at("one"), `bob ${people.bob.signer} revoked 2026-01-31T12:00:00Z stolen\n`);
    await writeFile(people.at("two"), "# nothing\n");
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    for (const name of ["one", "two"]) {
      await page.getByLabel("Choose a contacts file").setInputFiles(people.at(name));
      await page.getByText(name === "one" ? /1 revoked key/ : /0 revoked keys/).waitFor();
    }
    await go(page, "Pick up");
    await page.getByLabel("Public key of the inbox").fill(people.bob.signer);
    await page.getByLabel("Or a journal that you have as a file").setInputFiles(path);
    await page.getByRole("heading", { name: "Refused: the sender's key is revoked" }).waitFor();
  });

  test("more records in one batch than the page takes are refused, and what came before is shown", async () => {
    const { people, path, writer } = await journalOf([Buffer.from("before them")]);
    await writer.append(Array.from({ length: 500_001 }, () => new Uint8Array()));
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByText("The next 500,001 records were sealed together.").waitFor();
    await page.getByRole("heading", { name: "1 new record" }).waitFor();
  });
});

test.skipIf(!HAS_BROWSER)(
  "another link takes the place of the first, and the token that was typed for that goes",
  async () => {
    const { page } = await openPage({ fragment: "#inbox=https%3A%2F%2Fgood.example%2Fjournal&label=one" });
    await page.getByLabel("Token").fill("for the good one");
    await page.evaluate(() => {
      location.hash = "#inbox=https%3A%2F%2Fevil.example%2Fjournal";
    });
    const address = page.getByLabel("Address of the journal");
    await expect.poll(() => address.inputValue()).toBe("https://evil.example/journal");
    expect(await page.getByLabel("Token").inputValue()).toBe("");
    expect(await page.getByLabel("Label, if you know it").inputValue()).toBe("");
  },
);
