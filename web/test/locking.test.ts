// A key that was locked: what is under way ends, and no button that stood beside it does anything more with it.

import { readFile } from "node:fs/promises";
import { JournalWriter } from "@sealed-files/seal";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { go, HAS_BROWSER, openPage, privateFiles, serve, unlock } from "./browser.js";
import { cast, noise } from "./people.js";
import { slowWrites, written } from "./writes.js";

const MIB = 1024 * 1024;

async function lock(page: Page): Promise<void> {
  await go(page, "Your key");
  await page.getByRole("button", { name: "Lock the key" }).click();
  await page.getByText("No key is unlocked.").waitFor();
}

/** Clicks a button that no longer stands in the page. */
async function detached(page: Page, name: string): Promise<() => Promise<void>> {
  const button = (await page.getByRole("button", { name }).elementHandle())!;
  return async () => {
    await button.evaluate((element) => (element as HTMLElement).click());
    await page.waitForTimeout(500);
  };
}

describe.skipIf(!HAS_BROWSER)("locking the key", () => {
  test("ends an opening that is under way, and leaves nothing of it", async () => {
    const people = await cast();
    const path = await people.sealed("slow.bin", noise(40 * MIB));
    const { page } = await openPage();
    let downloads = 0;
    page.on("download", () => {
      downloads += 1;
    });
    await slowWrites(page);
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    await page.getByRole("button", { name: "Open and save" }).click();
    await expect.poll(() => written(page)).toBeGreaterThan(0);
    await lock(page);
    await expect.poll(() => privateFiles(page)).toEqual([]);
    const before = await written(page);
    await page.waitForTimeout(1000);
    expect(await written(page)).toBe(before);
    expect(downloads).toBe(0);
    await go(page, "Open");
    await page.getByText("This needs your key.").waitFor();
  });

  test("ends a reading that is under way", async () => {
    const people = await cast();
    const path = people.at("orders");
    const writer = await JournalWriter.open({ path }, { to: [people.ann.recipient], sign: people.bob });
    await writer.append([noise(3 * MIB)]);
    await writer.close();
    const journal = await readFile(path);
    let [isUnderWay, ended] = [false, false];
    const address = await serve((request, response) => {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-allow-headers", "authorization, range, if-range");
      response.setHeader("access-control-expose-headers", "*");
      if (request.method !== "GET") return void response.end();
      const [, first, last] = /^bytes=(\d+)-(\d*)/.exec(request.headers.range!)!;
      const part = journal.subarray(Number(first), last ? Number(last) + 1 : journal.length);
      const range = `bytes ${first}-${Number(first) + part.length - 1}/${journal.length}`;
      response.writeHead(206, { "content-range": range, "content-length": part.length });
      if (Number(first) === 0) return void response.end(part);
      response.write(part.subarray(0, 1000));
      isUnderWay = true;
      response.on("close", () => {
        ended = true;
      });
    });
    const { page } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Pick up");
    await page.getByLabel("Address of the journal").fill(`${address}/orders`);
    await page.getByLabel("Token").fill("a-token");
    await page.getByRole("button", { name: "Look for new records" }).click();
    await page.getByRole("heading", { name: "Reading" }).waitFor();
    await expect.poll(() => isUnderWay).toBe(true);
    expect(ended).toBe(false);
    await lock(page);
    await expect.poll(() => ended).toBe(true);
    await go(page, "Pick up");
    await page.getByText("This needs your key.").waitFor();
    expect(await page.getByLabel("Token").inputValue()).toBe("");
  });

  test("takes from a journal the way on", async () => {
    const people = await cast();
    const path = people.at("orders");
    const writer = await JournalWriter.open({ path }, { to: [people.ann.recipient], sign: people.bob });
    for (let batch = 0; batch < 3; batch++)
      await writer.append(Array.from({ length: 10_000 }, (_, i) => Buffer.from(`record ${10_000 * batch + i}`)));
    await writer.close();
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Pick up");
    await page.getByLabel("Or a journal that you have as a file").setInputFiles(path);
    await page.getByRole("heading", { name: "20,000 new records" }).waitFor();
    const more = await detached(page, "Go on: fetch more");
    await lock(page);
    // Neither without a key nor with the same one.
    for (const step of [() => go(page, "Pick up"), () => unlock(page, people.at("ann.key"))]) {
      await step();
      await more();
      await go(page, "Pick up");
      expect(await page.getByRole("list", { name: "Records" }).count()).toBe(0);
    }
  });

  test("keeps no copy of it afterwards", async () => {
    const people = await cast();
    const { page } = await openPage();
    await unlock(page, await people.guarded("mine.key", "correct horse"), "correct horse");
    const keep = await detached(page, "Keep a copy in this browser");
    await lock(page);
    await keep();
    await page.reload();
    await go(page, "Your key");
    await page.waitForTimeout(500);
    expect(await page.getByRole("button", { name: /mine\.key/ }).count()).toBe(0);
  });

  test("ends what was said of senders, but for what is revoked", async () => {
    const people = await cast();
    const path = await people.sealed("gift.txt", Buffer.from("a gift"), { sign: people.stranger });
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    const look = async () => {
      await go(page, "Open");
      await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    };
    await look();
    await page.getByLabel(/I have compared the fingerprint/).check();
    await go(page, "Your key");
    const senders = page.getByRole("region", { name: "Senders that you accept" });
    expect(await senders.innerText()).toContain(people.stranger.signer);
    const line = (rest: string) => ({ name: "c", mimeType: "text/plain", buffer: Buffer.from(rest) });
    await page.getByLabel("Choose a contacts file").setInputFiles(line(`carl ${people.stranger.signer} sender\n`));
    await senders.getByText("carl").waitFor();
    await lock(page);
    await unlock(page, people.at("ann.key"));
    expect(await senders.innerText()).not.toContain(people.stranger.signer);
    await look();
    await page.getByRole("heading", { name: "You have not accepted this sender." }).waitFor();
    await go(page, "Your key");
    const revoked = `carl ${people.stranger.signer} revoked 2026-01-31T12:00:00Z stolen\n`;
    await page.getByLabel("Choose a contacts file").setInputFiles(line(revoked));
    await page.getByText(/1 revoked key/).waitFor();
    await lock(page);
    await unlock(page, people.at("ann.key"));
    await look();
    await page.getByRole("heading", { name: "Refused: the sender's key is revoked" }).waitFor();
  });
});

describe.skipIf(!HAS_BROWSER)("leaving the page", () => {
  test("locks the key, though the browser may keep the page for whoever goes back to it", async () => {
    const people = await cast();
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    const tell = (name: string) =>
      page.evaluate((name) => void dispatchEvent(new PageTransitionEvent(name, { persisted: true })), name);
    await tell("pagehide");
    await page.getByText("No key is unlocked.").waitFor();
    await page.getByLabel("New passphrase").fill("typed before it was left");
    const loaded = page.waitForEvent("load");
    await tell("pageshow");
    await loaded;
    await go(page, "Your key");
    expect(await page.getByLabel("New passphrase").inputValue()).toBe("");
  });
});

describe.skipIf(!HAS_BROWSER)("what belongs to one file", () => {
  test("is not offered with the next: the way on in a journal, and the button that opens", async () => {
    const people = await cast();
    const write = async (path: string, batches: number) => {
      const writer = await JournalWriter.open({ path }, { to: [people.ann.recipient], sign: people.bob });
      for (let batch = 0; batch < batches; batch++)
        await writer.append(Array.from({ length: 10_000 }, () => Buffer.from("a record of the long one")));
      if (batches === 0) await writer.append([Buffer.from("the short one")]);
      await writer.close();
    };
    await write(people.at("long"), 3);
    await write(people.at("short"), 0);
    const { page } = await openPage({ picker: "stub" });
    await unlock(page, people.at("ann.key"));
    await go(page, "Pick up");
    const read = (name: string) =>
      page.getByLabel("Or a journal that you have as a file").setInputFiles(people.at(name));
    await read("long");
    await page.getByRole("heading", { name: "20,000 new records" }).waitFor();
    const more = await detached(page, "Go on: fetch more");
    await page.getByRole("button", { name: "Start again" }).click();
    await read("short");
    await page.getByRole("heading", { name: "1 new record" }).waitFor();
    expect(await page.getByRole("button", { name: "Go on: fetch more" }).count()).toBe(0);
    await more();
    expect(await page.getByRole("main").innerText()).toContain("the short one");

    await go(page, "Open");
    const choose = async (name: string) => {
      const path = await people.sealed(name, Buffer.from(name));
      await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
      await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
    };
    await choose("first.txt");
    const open = await detached(page, "Open and save");
    await page.getByRole("button", { name: "Start again" }).click();
    await choose("second.txt");
    await open();
    expect(await privateFiles(page)).toEqual([]);
    await page.getByRole("button", { name: "Open and save" }).click();
    await page.getByText("It is saved where you chose.").waitFor();
    expect(await privateFiles(page)).toEqual([{ name: "picked-second.txt", size: 10 }]);
  });

  test("several files that are dropped at once are refused: one at a time is opened", async () => {
    const people = await cast();
    const bytes = [...(await readFile(await people.sealed("one.txt", Buffer.from("one"))))];
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    const drop = async (names: readonly string[]) => {
      const dataTransfer = await page.evaluateHandle(
        ([names, bytes]) => {
          const dropped = new DataTransfer();
          for (const name of names) dropped.items.add(new File([Uint8Array.from(bytes)], name));
          return dropped;
        },
        [names, bytes] as const,
      );
      await page.locator(".drop").dispatchEvent("drop", { dataTransfer });
    };
    await drop(["one.txt.sealed", "two.txt.sealed"]);
    await page.getByText("One file at a time.").waitFor();
    expect(await page.getByRole("heading", { name: "What the file says of itself" }).count()).toBe(0);
    await drop(["one.txt.sealed"]);
    await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
  });
});
