// From disk: what is different there, and told.

import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { cast, noise } from "./people.js";

describe.skipIf(!HAS_BROWSER)("the page from disk", () => {
  test("opens a file without a picker and without a private file system, by threads", async () => {
    const people = await cast();
    const bytes = noise(21 * 1024 * 1024);
    const path = await people.sealed("report.bin", bytes);
    const { page } = await openPage({ from: "disk" });
    const refused = await page.evaluate(() =>
      navigator.storage.getDirectory().then(
        () => "",
        ({ name }) => String(name),
      ),
    );
    expect(refused).toBe("SecurityError");
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    await page.getByText("Your browser can only collect the opened file, up to 1 GiB.").waitFor();
    const worker = page.waitForEvent("worker");
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Open and save" }).click());
    expect(saved.bytes.equals(bytes)).toBe(true);
    expect((await worker).url()).toMatch(/^blob:null\//);
  });

  test("says that there are no passkeys, keeps no key, and says why", async () => {
    const people = await cast();
    const { page } = await openPage({ from: "disk" });
    await unlock(page, people.at("ann.key"));
    expect(await page.getByRole("main").innerText()).toContain("So no key is kept here.");
    expect(await page.getByRole("button", { name: "Keep a copy in this browser" }).count()).toBe(0);
    await go(page, "About");
    const said = await page.getByRole("main").innerText();
    for (const part of ["It was opened from disk.", "Passkeys do not work.", "origin null"])
      expect(said).toContain(part);
  });
});
