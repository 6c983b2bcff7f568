// Keys of ssh: as senders, in contacts, and as those for whom a file is sealed. The page asks ssh for nothing.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { Identity, openBytes } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { type Cast, cast } from "./people.js";

const HAS_SSH = existsSync("/usr/bin/ssh-keygen");

/** A key as ssh-keygen writes it: its line, the identity that it is, and its file. */
async function sshKey(people: Cast, passphrase = "") {
  const path = people.at("id_ed25519");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "carl@host", "-f", path]);
  const line = (await readFile(`${path}.pub`, "utf8")).trim();
  return { path, line, key: line.split(" ").slice(0, 2).join(" ") };
}

describe.skipIf(!HAS_BROWSER || !HAS_SSH)("a key of ssh", () => {
  test("in a contacts file names its sender, whose file is opened; revoked, it is not", async () => {
    const people = await cast();
    const { path, key } = await sshKey(people);
    const carl = await Identity.parse(await readFile(path));
    const sealed = await people.sealed("note.txt", Buffer.from("a note"), { sign: carl as never });
    await writeFile(people.at("contacts"), `carl ${key} sender\n`);
    await writeFile(people.at("revoked"), `carl ${key} revoked 2026-01-31T12:00:00Z stolen\n`);
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await page.getByLabel("Choose a contacts file").setInputFiles(people.at("contacts"));
    await page.getByText("1 contact, 0 revoked keys.").waitFor();
    const look = async () => {
      await go(page, "Open");
      await page.getByRole("main").getByLabel("Choose a file").setInputFiles(sealed);
    };
    await look();
    await page.getByText("You accept this sender: carl.").waitFor();
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Open and save" }).click());
    expect(saved.bytes.toString()).toBe("a note");
    await page.getByRole("button", { name: "Start again" }).click();
    await go(page, "Your key");
    await page.getByLabel("Choose a contacts file").setInputFiles(people.at("revoked"));
    await page.getByText(/2 revoked keys/).waitFor();
    await look();
    await page.getByRole("heading", { name: "Refused: the sender's key is revoked" }).waitFor();
  });

  test("verifies what it signed, by its line", async () => {
    const people = await cast();
    const { path, line } = await sshKey(people);
    const carl = await Identity.parse(await readFile(path));
    const sealed = await people.sealed("note.txt", Buffer.from("a note"), { sign: carl as never });
    const { page } = await openPage();
    await go(page, "Verify");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(sealed);
    await page.getByLabel("Public key", { exact: true }).fill(line);
    await page.getByRole("button", { name: "Verify" }).last().click();
    await page.getByRole("heading", { name: "Verified" }).waitFor();
    expect(await page.getByRole("main").innerText()).toContain(carl.signer);
  });

  test("is sealed for by its line, with other classic keys, and not beside a post-quantum one", async () => {
    const people = await cast();
    const { path, line } = await sshKey(people);
    await writeFile(people.at("letter.txt"), "dear carl");
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Seal");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(people.at("letter.txt"));
    const seal = () => page.getByRole("button", { name: "Seal and save" }).click();
    await page.getByLabel("For whom").fill(line);
    await seal();
    await page.getByRole("heading", { name: "This cannot be done" }).waitFor();
    await page.getByRole("button", { name: "Start again" }).click();
    await page.getByLabel(/For me, too/).uncheck();
    const saved = await downloaded(page, seal);
    const carl = await Identity.parse(await readFile(path));
    const opened = await openBytes(saved.bytes, { keys: [carl], from: [people.ann.signer] });
    expect(Buffer.from(opened).toString()).toBe("dear carl");
  });

  test("opens what is sealed for it; under a passphrase, the page says that it does not take it", async () => {
    const people = await cast();
    const { path } = await sshKey(people, "correct horse");
    const { page } = await openPage();
    await go(page, "Your key");
    await page.getByLabel("Choose your key file").setInputFiles(path);
    await page.getByRole("heading", { name: "This cannot be done" }).waitFor();
    expect(await page.getByRole("main").innerText()).toContain("under a passphrase, which this page does not open");
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "correct horse", "-N", "", "-f", path]);
    const carl = await Identity.parse(await readFile(path));
    const sealed = await people.sealed("note.txt", Buffer.from("a note"), { to: [carl.recipient!] });
    await unlock(page, path);
    await go(page, "Open");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(sealed);
    await page.getByLabel(/I have compared/).check();
    const saved = await downloaded(page, () => page.getByRole("button", { name: "Open and save" }).click());
    expect(saved.bytes.toString()).toBe("a note");
  });
});
