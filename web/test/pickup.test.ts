// Picking up from an inbox: the real service, and hostile records.

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Identity, JournalWriter } from "@sealed-files/seal";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { makeSite, type Served, type Site, serve } from "../../inbox/test/program.js";
import { downloaded, go, HAS_BROWSER, type Opened, openPage, unlock } from "./browser.js";
import { cast } from "./people.js";

interface Inbox extends Opened {
  readonly site: Site;
  readonly served: Served;
  readonly journal: string;
  readonly signer: string;
}

/** The service, and the page with ann's key unlocked, which the service allows. */
async function inbox(from: "number" | "disk" = "number"): Promise<Inbox> {
  const site = await makeSite();
  const signer = (await Identity.parse(await readFile(join(site.path, "inbox.key")))).signer!;
  // The page's origin is known only when it is there, and so is the service's address.
  const opened = await openPage({ from, asks: ["http://127.0.0.1:"] });
  const origin = from === "disk" ? "null" : new URL(opened.address).origin;
  const served = await serve(site, ["--allow-origin", origin]);
  await unlock(opened.page, join(site.path, "ann.key"));
  return { ...opened, site, served, journal: `${served.url}/v1/inboxes/till/journal`, signer };
}

async function follow({ page, journal, site, signer, address }: Inbox): Promise<void> {
  const parameters = new URLSearchParams({ inbox: journal, token: site.reader, from: signer, label: "till" });
  await page.evaluate((hash) => {
    location.hash = hash;
  }, parameters.toString());
  await page.getByRole("heading", { name: "Pick up from an inbox" }).waitFor();
  expect(page.url()).toBe(address);
}

const look = (page: Page) => page.getByRole("button", { name: "Look for new records" }).click();

describe.skipIf(!HAS_BROWSER)("from an inbox", () => {
  test.each(["number", "disk"] as const)(
    "what is new comes, and after it was marked only what is newer (%s)",
    async (from) => {
      const all = await inbox(from);
      const { page, served } = all;
      await served.post("first record");
      await served.post('{"order":17,"big":12345678901234567890}', { "content-type": "application/json" });
      await follow(all);
      await look(page);
      await page.getByRole("heading", { name: "2 new records" }).waitFor();
      const said = await page.getByRole("list", { name: "Records" }).innerText();
      for (const part of ["first record", "from shop", "text/plain", "application/json", "12345678901234567890"])
        expect(said).toContain(part);
      const lines = await downloaded(page, () => page.getByRole("button", { name: "Save all as JSON lines" }).click());
      const objects = lines.bytes
        .toString()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(objects.map(({ data }) => data)).toEqual(["first record", '{"order":17,"big":12345678901234567890}']);
      expect(objects[0].heads).toMatchObject({ producer: "shop", type: "text/plain" });
      await again(all);
      await page.getByRole("heading", { name: "2 new records" }).waitFor();
      await page.getByRole("button", { name: "Mark as picked up" }).click();
      await page.getByText("Marked. Next time, the page begins here.").waitFor();
      await again(all);
      await page.getByRole("heading", { name: "Nothing new" }).waitFor();
      await served.post("third record");
      await page.reload();
      await unlock(page, join(all.site.path, "ann.key"));
      await follow(all);
      await look(page);
      await page.getByRole("heading", { name: "1 new record" }).waitFor();
      expect(await page.getByRole("list", { name: "Records" }).innerText()).toContain("third record");
    },
  );

  async function again({ page }: Inbox): Promise<void> {
    await page.getByRole("button", { name: "Start again" }).click();
    await look(page);
  }

  test("a stranger's inbox waits for a comparison of fingerprints", async () => {
    const all = await inbox();
    const { page, site, journal } = all;
    const { identity: stranger } = await Identity.generate();
    await follow({ ...all, signer: stranger.signer });
    await look(page);
    await page.getByRole("heading", { name: "You have not accepted this sender." }).waitFor();
    const go = page.getByRole("button", { name: "Look for new records" });
    expect(await go.isDisabled()).toBe(true);
    await page.getByLabel(/I have compared/).check();
    await all.served.post("a record");
    await go.click();
    await page.getByRole("heading", { name: "Refused: somebody else signed it" }).waitFor();
    expect(journal).toContain(site.path === "" ? "" : "till");
  });

  test("a wrong token, and an inbox that does not allow the page, are told", async () => {
    const all = await inbox();
    const { page } = all;
    await follow(all);
    await page.getByLabel("Token").fill("seal-inbox-wrong");
    await look(page);
    await page.getByRole("heading", { name: "The inbox does not accept the token" }).waitFor();
    const closed = await serve(all.site.path === "" ? all.site : await makeSite());
    await page.getByRole("button", { name: "Start again" }).click();
    await page.getByLabel("Address of the journal").fill(`${closed.url}/v1/inboxes/till/journal`);
    await look(page);
    await page.getByRole("heading", { name: "The connection failed" }).waitFor();
    expect(await page.getByRole("main").innerText()).toContain("--allow-origin");
  });
});

const EVIL = '<script>window.evil = 1</script><img src="x" onerror="window.evil = 2">';
const BIDI = "pay \u202e001\u202c now\0\u001b[31m";
/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

describe.skipIf(!HAS_BROWSER)("a journal from a file", () => {
  async function journalOf(records: Parameters<JournalWriter["append"]>[0], options: object = {}) {
    const people = await cast();
    const path = people.at("records.journal");
    const writer = await JournalWriter.open({ path }, { to: [people.ann.recipient], sign: people.bob, ...options });
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
    const { people, path, writer } = await journalOf(records as never);
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
    const { people, path, writer } = await journalOf(records as never);
    await writer.close();
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "3 new records" }).waitFor();
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Save all as files (zip)" }).click());
    const { writeFile } = await import("node:fs/promises");
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
    await page.getByText("50 of 20,000 are shown.").waitFor();
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
    const { writeFile } = await import("node:fs/promises");
    await writeFile(path, bytes);
    const { page } = await openPage();
    await read(page, people.at("ann.key"), path);
    await page.getByRole("heading", { name: "Refused: it was changed, or is cut short" }).waitFor();
    const said = await page.getByRole("main").innerText();
    expect(said).toContain("What came before this place was checked, and is shown.");
    expect(said).toContain("good one");
    expect(said).not.toContain("bad one");
  });
});
