// The pictures of docs/guide/page.md, made only when asked: SEAL_SCREENSHOTS names the directory that they go to.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Identity, JournalWriter } from "@sealed-files/seal";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { cast, noise } from "./people.js";

const PLACE = process.env.SEAL_SCREENSHOTS;
/** Of a phone, and of a window. */
const LOOKS = [
  { name: "", width: 720, dark: false },
  { name: "-phone-dark", width: 360, dark: true },
] as const;

test.skipIf(!HAS_BROWSER || !PLACE).each(LOOKS)("pictures$name, at $width", async ({ name: suffix, ...looks }) => {
  await mkdir(PLACE!, { recursive: true });
  const shoot = async (page: Page, name: string) => {
    await page.screenshot({ path: join(resolve(PLACE!), `${name}${suffix}.png`), fullPage: true });
  };
  const people = await cast();
  const { page } = await openPage(looks);
  await shoot(page, "start");
  await go(page, "Your key");
  await page.getByRole("button", { name: "Suggest one" }).click();
  await shoot(page, "key");
  await unlock(page, people.at("ann.key"));
  const choose = async (path: string) => {
    await go(page, "Open");
    if ((await page.getByRole("button", { name: "Start again" }).count()) > 0)
      await page.getByRole("button", { name: "Start again" }).click();
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
    await expect.poll(() => page.locator(".print").first().innerText()).toMatch(/\d{5}/);
  };
  await choose(await people.sealed("gift.txt", Buffer.from("a gift"), { sign: people.stranger, label: "gifts" }));
  await shoot(page, "look");
  const path = await people.sealed("report.pdf", noise(14_000_000), { label: "reports" });
  await choose(path);
  await downloaded(page, () => page.getByRole("button", { name: "Open and save" }).click());
  await shoot(page, "opened");
  const bytes = await readFile(path);
  bytes[9_500_000]! ^= 1;
  await writeFile(path, bytes);
  await choose(path);
  await page.getByRole("button", { name: "Open and save" }).click();
  await page.getByRole("heading", { name: /^Refused/ }).waitFor();
  await shoot(page, "refused");
  await go(page, "Pick up");
  await page
    .getByLabel("Or a journal that you have as a file")
    .setInputFiles(await journalOf(people.at("orders"), people));
  await page.getByRole("heading", { name: "3 new records" }).waitFor();
  await shoot(page, "records");
});

async function journalOf(
  path: string,
  { ann, bob }: { readonly ann: Identity; readonly bob: Identity },
): Promise<string> {
  const writer = await JournalWriter.open({ path }, { to: [ann.recipient!], sign: bob, label: "orders" });
  const heads = (type: string) => ({ producer: "shop", type, time: "2026-01-31T12:00:00.000Z" });
  await writer.append([
    { record: Buffer.from('{"order":17,"items":[{"sku":"A-100","count":2}]}'), heads: heads("application/json") },
    { record: Buffer.from("pay \u202e001\u202c now <script>alert(1)</script>"), heads: heads("text/plain") },
    { record: noise(3000), heads: heads("application/octet-stream") },
  ]);
  await writer.close();
  return path;
}
