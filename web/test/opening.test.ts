// Opening files: what is right is saved, and of what is not, nothing is.

import { open as openFile, truncate, writeFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, privateFiles, unlock } from "./browser.js";
import { type Cast, cast, noise } from "./people.js";
import { fillsUp, slowWrites, written } from "./writes.js";

const MIB = 1024 * 1024;

async function choose(page: Page, path: string): Promise<void> {
  await go(page, "Open");
  await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
  await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
}

const goOn = (page: Page) => page.getByRole("button", { name: "Open and save" }).click();

/** The page with ann's key unlocked, and what it says when this file is opened. */
async function refused(people: Cast, path: string, before: (page: Page) => Promise<void> = async () => {}) {
  const { page } = await openPage();
  await unlock(page, people.at("ann.key"));
  await before(page);
  await choose(page, path);
  await goOn(page);
  const alert = page.getByRole("alert").filter({ has: page.getByRole("heading") });
  await alert.waitFor();
  expect(await privateFiles(page)).toEqual([]);
  return (await alert.innerText()).replace(/\s+/g, " ");
}

/** Changes one byte. */
async function tamper(path: string, position: number): Promise<void> {
  const file = await openFile(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  buffer[0]! ^= 1;
  await file.write(buffer, 0, 1, position);
  await file.close();
}

describe.skipIf(!HAS_BROWSER)("opening a file", () => {
  test("saves it as a download, which is what was sealed, and says who sent it", async () => {
    const people = await cast();
    const bytes = noise(9 * MIB + 17);
    const path = await people.sealed("report.pdf", bytes, { label: "reports" });
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    expect(await page.getByRole("main").innerText()).toContain("You accept this sender.");
    const saved = await downloaded(page, () => goOn(page));
    expect(saved.name).toBe("report.pdf");
    expect(saved.bytes.equals(bytes)).toBe(true);
    const said = await page.getByRole("status").filter({ hasText: "Opened" }).innerText();
    for (const part of ["All of it was checked", "reports", people.bob.signer]) expect(said).toContain(part);
    await page.getByRole("button", { name: "Remove the copy from this browser" }).click();
    await page.getByText("The copy is removed.").waitFor();
    expect(await privateFiles(page)).toEqual([]);
  });

  test("saves it where the picker says", async () => {
    const people = await cast();
    const path = await people.sealed("notes.txt", Buffer.from("hello, ann"));
    const { page } = await openPage({ picker: "stub" });
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await goOn(page);
    await page.getByText("It is saved where you chose.").waitFor();
    expect(await privateFiles(page)).toEqual([{ name: "picked-notes.txt", size: 10 }]);
  });
});

describe.skipIf(!HAS_BROWSER)("an empty file", () => {
  test("stays where the picker put it, when the user begins anew", async () => {
    const people = await cast();
    const path = await people.sealed("empty.txt", Buffer.alloc(0));
    const { page } = await openPage({ picker: "stub" });
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await goOn(page);
    await page.getByText("It is saved where you chose.").waitFor();
    await page.getByRole("button", { name: "Start again" }).click();
    await page.waitForTimeout(500);
    expect(await privateFiles(page)).toEqual([{ name: "picked-empty.txt", size: 0 }]);
  });
});

describe.skipIf(!HAS_BROWSER)("a key that was locked", () => {
  test("opens nothing more: the offer is gone, and its button does nothing", async () => {
    const people = await cast();
    const path = await people.sealed("notes.txt", Buffer.from("hello, ann"));
    const { page } = await openPage({ picker: "stub" });
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    const button = (await page.getByRole("button", { name: "Open and save" }).elementHandle())!;
    await go(page, "Your key");
    await page.getByRole("button", { name: "Lock the key" }).click();
    await go(page, "Open");
    await page.getByText("This needs your key.").waitFor();
    expect(await page.getByRole("button", { name: "Open and save" }).count()).toBe(0);
    await button.evaluate((element) => (element as HTMLElement).click());
    await page.waitForTimeout(500);
    expect(await privateFiles(page)).toEqual([]);
  });
});

describe.skipIf(!HAS_BROWSER)("refused, with the reason and the place, and nothing saved:", () => {
  test("a changed byte in the third part", async () => {
    const people = await cast();
    const path = await people.sealed("big.bin", noise(14 * MIB));
    await tamper(path, 9 * MIB + 5000);
    const said = await refused(people, path);
    expect(said).toMatch(
      /^Refused: it was changed, or is cut short Nothing was saved\. Where at byte [\d,]+, in chunk 2/,
    );
  });

  test("a file that is cut short", async () => {
    const people = await cast();
    const path = await people.sealed("big.bin", noise(14 * MIB));
    await truncate(path, 10 * MIB);
    expect(await refused(people, path)).toMatch(/^Refused: it was changed, or is cut short Nothing was saved\. Where/);
  });

  test("a stranger's, until the fingerprint was compared", async () => {
    const people = await cast();
    const path = await people.sealed("gift.txt", Buffer.from("a gift"), { sign: people.stranger });
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await page.getByRole("heading", { name: "You have not accepted this sender." }).waitFor();
    expect(await page.getByRole("button", { name: "Open and save" }).isDisabled()).toBe(true);
    await page.getByLabel(/I have compared the fingerprint/).check();
    const saved = await downloaded(page, () => goOn(page));
    expect(saved.bytes.toString()).toBe("a gift");
  });

  test("a revoked sender's", async () => {
    const people = await cast();
    const path = await people.sealed("late.txt", Buffer.from("late"));
    const revoked = `bob ${people.bob.signer} revoked 2026-01-31T12:00:00Z stolen\n`;
    await writeFile(people.at("contacts"), revoked);
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await page.getByLabel("Choose a contacts file").setInputFiles(people.at("contacts"));
    await page.getByText(/1 revoked key/).waitFor();
    await choose(page, path);
    const alert = page.getByRole("alert").filter({ hasText: "Refused: the sender's key is revoked" });
    await alert.waitFor();
    expect(await alert.innerText()).toContain("stolen");
    expect(await page.getByRole("button", { name: "Open and save" }).count()).toBe(0);
  });

  test("a wrong label", async () => {
    const people = await cast();
    const path = await people.sealed("db.tar", Buffer.from("old"), { label: "weekly" });
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await page.getByText("Demand more of the file").click();
    await page.getByLabel("It must have this label").fill("nightly");
    await goOn(page);
    const alert = page.getByRole("alert").filter({ hasText: "Refused: it is not what you asked for" });
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/Nothing was saved[\s\S]*weekly/);
    expect(await privateFiles(page)).toEqual([]);
  });

  test("what is for somebody else", async () => {
    const people = await cast();
    const path = await people.sealed("his.txt", Buffer.from("his"), { to: [people.bob.recipient] });
    expect(await refused(people, path)).toMatch(/^Your key does not open it Nothing was saved\./);
  });

  test("what is no sealed file", async () => {
    const people = await cast();
    await writeFile(people.at("page.html"), "<script>alert(1)</script>");
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(people.at("page.html"));
    await page.getByRole("heading", { name: "Refused: this is not a sealed file or journal" }).waitFor();
  });
});

describe.skipIf(!HAS_BROWSER)("while it is opened", () => {
  test("it can be paused, goes on, and is whole", async () => {
    const people = await cast();
    const bytes = noise(40 * MIB);
    const path = await people.sealed("slow.bin", bytes);
    const { page } = await openPage();
    await slowWrites(page);
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    const saving = downloaded(page, async () => {
      await goOn(page);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText("Paused").first().waitFor();
      const before = await written(page);
      await page.waitForTimeout(700);
      expect(await written(page)).toBeLessThanOrEqual(before + 1);
      await page.getByRole("button", { name: "Resume" }).click();
    });
    expect((await saving).bytes.equals(bytes)).toBe(true);
  });

  test("it can be stopped, and nothing stays", async () => {
    const people = await cast();
    const path = await people.sealed("slow.bin", noise(40 * MIB));
    const { page } = await openPage();
    await slowWrites(page);
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await goOn(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("heading", { name: "Stopped" }).waitFor();
    expect(await page.getByRole("main").innerText()).toContain("Nothing was saved.");
    await expect.poll(() => privateFiles(page)).toEqual([]);
  });

  test("a full storage is told", async () => {
    const people = await cast();
    const path = await people.sealed("big.bin", noise(20 * MIB));
    const { page } = await openPage();
    await fillsUp(page, 10 * MIB);
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await goOn(page);
    await page.getByRole("heading", { name: "The storage is full" }).waitFor();
    expect(await page.getByRole("main").innerText()).toContain("Nothing was saved.");
    await expect.poll(() => privateFiles(page)).toEqual([]);
  });

  test("a reload asks first, and leaves nothing that is not checked", async () => {
    const people = await cast();
    const path = await people.sealed("slow.bin", noise(40 * MIB));
    const { page } = await openPage();
    await slowWrites(page);
    await unlock(page, people.at("ann.key"));
    await choose(page, path);
    await goOn(page);
    await page.getByRole("button", { name: "Pause" }).click();
    let asked = 0;
    page.on("dialog", (dialog) => {
      asked += 1;
      void dialog.accept();
    });
    await page.reload();
    await page.getByText(/An opening did not come to its end/).waitFor();
    expect(asked).toBe(1);
    await expect.poll(() => privateFiles(page)).toEqual([]);
  });
});
