// Picking up from an inbox: the real service, which allows the page.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Identity } from "@sealed-files/seal";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { makeSite, type Served, type Site, serve } from "../../inbox/test/program.js";
import { downloaded, go, HAS_BROWSER, type Opened, openPage, unlock } from "./browser.js";

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
      await page.getByText("The inbox was told.").waitFor();
      const ledger = await readFile(join(all.site.path, "box", "inboxes", "till", "readers.json"), "utf8");
      expect(Object.keys(JSON.parse(ledger).readers)).toEqual(["ann"]);
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

  test("a key that was locked marks nothing: the records come again", async () => {
    const all = await inbox();
    const { page } = all;
    await all.served.post("a record");
    await follow(all);
    await look(page);
    await page.getByRole("heading", { name: "1 new record" }).waitFor();
    const mark = (await page.getByRole("button", { name: "Mark as picked up" }).elementHandle())!;
    await go(page, "Your key");
    await page.getByRole("button", { name: "Lock the key" }).click();
    await mark.evaluate((element) => (element as HTMLElement).click());
    await unlock(page, join(all.site.path, "ann.key"));
    await follow(all);
    await look(page);
    await page.getByText("The page reads from the beginning: nothing was marked before.").waitFor();
    await page.getByRole("heading", { name: "1 new record" }).waitFor();
  });

  test("a stranger's inbox waits for a comparison of fingerprints", async () => {
    const all = await inbox();
    const { page } = all;
    const { identity: stranger } = await Identity.generate();
    await follow({ ...all, signer: stranger.signer });
    await look(page);
    await page.getByRole("heading", { name: "You have not accepted this inbox." }).waitFor();
    const go = page.getByRole("button", { name: "Look for new records" });
    expect(await go.isDisabled()).toBe(true);
    await page.getByLabel(/I have compared/).check();
    await all.served.post("a record");
    await go.click();
    await page.getByRole("heading", { name: "Refused: somebody else signed it" }).waitFor();
    expect(await page.getByRole("list", { name: "Records" }).count()).toBe(0);
  });

  test("a link brings in neither a second signer nor a key that signs nothing", async () => {
    const all = await inbox();
    const { page } = all;
    await all.served.post("a record");
    const { identity: stranger } = await Identity.generate();
    await follow({ ...all, signer: `${all.signer}\n${stranger.signer}` });
    await look(page);
    await page.getByText("Here are several keys that sign.").waitFor();
    await follow({ ...all, signer: stranger.recipient });
    await look(page);
    await page.getByText("Here is no key that signs.").waitFor();
    expect(await page.getByRole("list", { name: "Records" }).count()).toBe(0);
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
