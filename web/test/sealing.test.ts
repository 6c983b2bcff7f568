// Verifying with a public key alone, and sealing for somebody.

import { readFile, writeFile } from "node:fs/promises";
import { openBytes } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, privateFiles, unlock } from "./browser.js";
import { cast } from "./people.js";

describe.skipIf(!HAS_BROWSER)("verifying and sealing", () => {
  test("with the public key alone: a right file, a changed one, a wrong key", async () => {
    const people = await cast();
    const path = await people.sealed("deed.txt", Buffer.from("a deed"));
    const { page } = await openPage();
    const verify = async (signer: string, file: string) => {
      await page.reload();
      await go(page, "Verify");
      await page.getByRole("main").getByLabel("Choose a file").setInputFiles(file);
      await page.getByLabel("Public key", { exact: true }).fill(signer);
      await page.getByRole("button", { name: "Verify" }).last().click();
    };
    await verify(people.bob.signer, path);
    await page.getByRole("heading", { name: "Verified" }).waitFor();
    await verify(people.stranger.signer, path);
    await page.getByRole("heading", { name: "Refused: somebody else signed it" }).waitFor();
    const bytes = await readFile(path);
    bytes[bytes.length - 80]! ^= 1;
    await writeFile(people.at("changed.sealed"), bytes);
    await verify(people.bob.signer, people.at("changed.sealed"));
    await page.getByRole("heading", { name: "Refused: it was changed, or is cut short" }).waitFor();
    await verify("seal1nonsense", path);
    await page.getByRole("heading", { name: "This cannot be done" }).waitFor();
  });

  test("a file that the page has sealed opens on the command line, for both", async () => {
    const people = await cast();
    await writeFile(people.at("letter.txt"), "dear bob");
    await writeFile(people.at("bob.pub"), `${people.bob.recipient}\n${people.bob.signer}\n`);
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Seal");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(people.at("letter.txt"));
    await page.getByLabel("Choose a .pub file").setInputFiles(people.at("bob.pub"));
    await page.getByLabel("Label", { exact: true }).fill("letters");
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Seal and save" }).click());
    expect(saved.name).toBe("letter.txt.sealed");
    for (const reader of [people.bob, people.ann]) {
      const opened = await openBytes(saved.bytes, { keys: [reader], from: [people.ann.signer], label: "letters" });
      expect(Buffer.from(opened).toString()).toBe("dear bob");
    }
  });

  test("a wrong key, and one that only signs, are told, and nothing stays", async () => {
    const people = await cast();
    await writeFile(people.at("letter.txt"), "dear bob");
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Seal");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(people.at("letter.txt"));
    const wrong = [
      ["seal1nonsense", /line 1/],
      [`${people.bob.recipient}\n${people.bob.signer}\n${people.stranger.signer}`, /only tells who signed/],
    ] as const;
    for (const [keys, why] of wrong) {
      await page.getByLabel("For whom").fill(keys);
      await page.getByRole("button", { name: "Seal and save" }).click();
      await page.getByRole("heading", { name: "This cannot be done" }).waitFor();
      expect(await page.getByRole("main").innerText()).toMatch(why);
      expect(await privateFiles(page)).toEqual([]);
      await page.getByRole("button", { name: "Start again" }).click();
    }
  });
});
