// The user's key: made, saved, unlocked, kept.

import { writeFile } from "node:fs/promises";
import { Identity } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { cast } from "./people.js";

const PASSPHRASE = "correct horse battery staple";

describe.skipIf(!HAS_BROWSER)("a new key", () => {
  test("shows its public key only when the saved file has been seen, and is what the library reads", async () => {
    const { page } = await openPage();
    await go(page, "Your key");
    await page.getByLabel("New passphrase").fill(PASSPHRASE);
    await page.getByLabel("The same again").fill(PASSPHRASE);
    await page.getByRole("button", { name: "Make the key" }).click();
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Save the key file" }).click());
    expect(saved.name).toBe("seal.key");
    const { path } = await cast();
    await writeFile(`${path}/other.key`, Buffer.concat([saved.bytes.subarray(0, -1), Buffer.from(" ")]));
    await page.getByLabel("Choose the file that you saved").setInputFiles(`${path}/other.key`);
    await page.getByRole("heading", { name: "This is not the key file" }).waitFor();
    expect(await page.content()).not.toMatch(/seal1[a-z0-9]{50}/);
    await writeFile(`${path}/seal.key`, saved.bytes);
    await page.getByLabel("Choose the file that you saved").setInputFiles(`${path}/seal.key`);
    const recipient = await page.getByLabel("For sealing to you").inputValue();
    const identity = await Identity.parse(saved.bytes, Buffer.from(PASSPHRASE));
    expect(recipient).toBe(identity.recipient);
    expect(recipient.length).toBeGreaterThan(1900);
    await expect(Identity.parse(saved.bytes, Buffer.from("another"))).rejects.toMatchObject({ code: "no-key" });
  });

  test("needs a passphrase of some length, typed twice the same; one can be suggested", async () => {
    const { page } = await openPage();
    await go(page, "Your key");
    const make = page.getByRole("button", { name: "Make the key" });
    await page.getByLabel("New passphrase").fill("short");
    await make.click();
    await page.getByRole("heading", { name: "The passphrase has fewer than 12 characters." }).waitFor();
    await page.getByLabel("New passphrase").fill(PASSPHRASE);
    await page.getByLabel("The same again").fill(`${PASSPHRASE}s`);
    await make.click();
    await page.getByRole("heading", { name: "The two passphrases differ." }).waitFor();
    await page.getByRole("button", { name: "Suggest one" }).click();
    const made = await page.getByLabel("New passphrase").inputValue();
    expect(made).toMatch(/^[a-km-np-z]{4}(?:-[a-km-np-z]{4}){4}$/);
    expect(await page.getByLabel("The same again").inputValue()).toBe(made);
  });
});

describe.skipIf(!HAS_BROWSER)("a key that is there", () => {
  async function protectedKey() {
    const { path } = await cast();
    const { secretFile, identity } = await Identity.generate({ passphrase: Buffer.from(PASSPHRASE) });
    await writeFile(`${path}/mine.key`, secretFile);
    return { key: `${path}/mine.key`, identity };
  }

  test("unlocks with its passphrase, and with no other; locking forgets it", async () => {
    const { key, identity } = await protectedKey();
    const { page } = await openPage();
    await go(page, "Your key");
    await page.getByLabel("Choose your key file").setInputFiles(key);
    await page.getByLabel(/is protected/).fill("wrong");
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByRole("heading", { name: "The passphrase is wrong." }).waitFor();
    await page.getByLabel(/is protected/).fill(PASSPHRASE);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    expect(await page.getByLabel("For sealing to you").inputValue()).toBe(identity.recipient);
    await page.getByRole("button", { name: "Lock the key" }).click();
    await page.getByText("No key is unlocked.").waitFor();
  });

  test("kept, it is there after a reload, under its passphrase; a passkey unlocks it, too", async () => {
    const { key, identity } = await protectedKey();
    const { page, context } = await openPage({ from: "name" });
    const session = await context.newCDPSession(page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        hasPrf: true,
      },
    });
    await unlock(page, key, PASSPHRASE);
    await page.getByRole("button", { name: "Keep a copy in this browser" }).click();
    await page.getByText("This browser has a copy.").waitFor();
    await page.getByLabel("Give the passphrase once more").fill(PASSPHRASE);
    await page.getByRole("button", { name: "Let a passkey unlock the copy" }).click();
    await page.getByText("The passkey unlocks the copy.").waitFor();
    await page.reload();
    await go(page, "Your key");
    await page.getByRole("button", { name: "Unlock mine.key with a passkey" }).click();
    expect(await page.getByLabel("For sealing to you").inputValue()).toBe(identity.recipient);
    await page.getByRole("button", { name: "Lock the key" }).click();
    await page.getByRole("button", { name: "Unlock mine.key", exact: true }).click();
    await page.getByLabel(/is protected/).fill(PASSPHRASE);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByRole("heading", { name: "Your public key" }).waitFor();
    await page.getByRole("button", { name: "Lock the key" }).click();
    await page.getByRole("button", { name: "Remove mine.key from this browser" }).click();
    await expect.poll(() => page.getByRole("button", { name: /Unlock mine/ }).count()).toBe(0);
  });

  test("is unlocked by a worker, which ends then", async () => {
    const people = await cast();
    const key = await people.guarded("mine.key", PASSPHRASE);
    const { page } = await openPage();
    const worker = page.waitForEvent("worker");
    await unlock(page, key, PASSPHRASE);
    await worker;
    await expect.poll(() => page.workers().length).toBe(0);
  });

  test.each(["cannot be made", "fail", "never come"])("is unlocked where workers %s", async (how) => {
    const people = await cast();
    const key = await people.guarded("mine.key", PASSPHRASE);
    const { page } = await openPage();
    await page.evaluate((how) => {
      const Missing = class extends EventTarget {
        constructor() {
          super();
          if (how === "cannot be made") throw new Error("forbidden");
          if (how === "fail") setTimeout(() => this.dispatchEvent(new Event("error")));
        }
        terminate(): void {}
      };
      Object.assign(window, { Worker: Missing });
    }, how);
    await unlock(page, key, PASSPHRASE);
    expect(page.workers()).toEqual([]);
  });

  test("that was chosen later is the one that is used, though another takes longer to unlock", async () => {
    const people = await cast();
    const { page } = await openPage();
    await go(page, "Your key");
    await page.getByLabel("Choose your key file").setInputFiles(await people.guarded("slow.key", PASSPHRASE));
    await page.getByLabel(/is protected/).fill(PASSPHRASE);
    const worker = page.waitForEvent("worker");
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    const ended = (await worker).waitForEvent("close");
    await unlock(page, people.at("ann.key"));
    await ended;
    await page.waitForTimeout(500);
    expect(await page.getByRole("banner").innerText()).toContain("Unlocked: ann.key");
    expect(await page.getByLabel("For sealing to you").inputValue()).toBe(people.ann.recipient);
  });

  test("without a passphrase, it opens, and no copy is kept", async () => {
    const people = await cast();
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    expect(await page.getByRole("main").innerText()).toContain("This key file has no passphrase. So no copy is kept.");
    expect(await page.getByLabel("For sealing to you").inputValue()).toBe(people.ann.recipient);
  });
});
