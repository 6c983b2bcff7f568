// Opening a file at an address: what its server and its connection may do.

import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { downloaded, go, HAS_BROWSER, openPage, privateFiles, serve, unlock } from "./browser.js";
import { cast, noise } from "./people.js";

const MIB = 1024 * 1024;

const goOn = (page: Page) => page.getByRole("button", { name: "Open and save" }).click();

describe.skipIf(!HAS_BROWSER)("opening a file at an address", () => {
  test("saves what its server gives, where that allows the page", async () => {
    const people = await cast();
    const bytes = noise(5 * MIB);
    const sealed = await readFile(await people.sealed("far.bin", bytes));
    const address = await serve((request, response) => answer(sealed, request.headers.range, response));
    const { page } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByLabel("Or its address").fill(`${address}/far.bin.sealed`);
    await page.getByRole("button", { name: "Look at this address" }).click();
    const saved = await downloaded(page, () => goOn(page));
    expect(saved.name).toBe("far.bin");
    expect(saved.bytes.equals(bytes)).toBe(true);
  });

  test("goes on where a connection broke", async () => {
    const people = await cast();
    const bytes = noise(24 * MIB);
    const sealed = await readFile(await people.sealed("far.bin", bytes));
    let broken = 0;
    const address = await serve((request, response) => {
      if (broken >= 2 || sealed.length < 9 * MIB) return answer(sealed, request.headers.range, response);
      // The first request is the look at the header.
      answer(sealed, request.headers.range, response, 9 * MIB, () => {
        broken += 1;
      });
    });
    const { page } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByLabel("Or its address").fill(`${address}/far.bin.sealed`);
    await page.getByRole("button", { name: "Look at this address" }).click();
    const saved = await downloaded(page, () => goOn(page));
    expect(saved.bytes.equals(bytes)).toBe(true);
    expect(broken).toBe(2);
  });

  test("says what a server that does not allow the page has to do", async () => {
    const people = await cast();
    const address = await serve((_request, response) => void response.end("no"));
    const { page, address: own } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByLabel("Or its address").fill(`${address}/x.sealed`);
    await page.getByRole("button", { name: "Look at this address" }).click();
    const alert = page.getByRole("alert").filter({ has: page.getByRole("heading") });
    await alert.waitFor();
    expect(await alert.innerText()).toContain(`--allow-origin ${own.slice(0, -1)}`);
  });

  test("a server that sends without end can be left, and its words are not passed on", async () => {
    const people = await cast();
    const header = (await readFile(await people.sealed("far.bin", noise(100)))).subarray(0, -100);
    let [isOpen, refuses] = [false, false];
    const address = await serve((_request, response) => {
      response.setHeader("access-control-allow-origin", "*");
      if (refuses) return void response.writeHead(418, "your key has expired").end();
      isOpen = true;
      response.on("close", () => {
        isOpen = false;
      });
      const send = () => {
        while (!response.destroyed && response.write(new Uint8Array(MIB)));
        if (!response.destroyed) response.once("drain", send);
      };
      response.write(header);
      send();
    });
    const { page } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    const look = async () => {
      await page.getByLabel("Or its address").fill(`${address}/x.sealed`);
      await page.getByRole("button", { name: "Look at this address" }).click();
    };
    await look();
    await page.getByText("Working…").waitFor();
    await expect.poll(() => isOpen).toBe(true);
    await page.getByRole("button", { name: "Start again" }).click();
    await expect.poll(() => isOpen).toBe(false);
    refuses = true;
    await look();
    await page.getByRole("heading", { name: "The connection failed" }).waitFor();
    const said = await page.getByRole("main").innerText();
    expect(said).toContain("the server answered 418");
    expect(said).not.toContain("expired");
  });

  test("refuses another file than the one that was looked at", async () => {
    const people = await cast();
    const [good, bad] = [
      await readFile(await people.sealed("good.txt", Buffer.from("good"))),
      await readFile(await people.sealed("bad.txt", Buffer.from("bad!"), { sign: people.stranger })),
    ];
    let looked = false;
    const address = await serve((request, response) => answer(looked ? bad : good, request.headers.range, response));
    const { page } = await openPage({ asks: [address] });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByLabel("Or its address").fill(`${address}/good.txt.sealed`);
    await page.getByRole("button", { name: "Look at this address" }).click();
    await page.getByText("You accept this sender.").waitFor();
    looked = true;
    await goOn(page);
    await page.getByRole("heading", { name: "Refused: somebody else signed it" }).waitFor();
    expect(await privateFiles(page)).toEqual([]);
  });
});

/** Answers with a range, or all; breaks the connection after `most` bytes of it, and tells. */
function answer(
  bytes: Buffer,
  range: string | undefined,
  response: ServerResponse,
  most = Number.POSITIVE_INFINITY,
  broke: () => void = () => {},
): void {
  const [, from] = /^bytes=(\d+)-/.exec(range ?? "") ?? [];
  const [, to] = /^bytes=\d+-(\d+)/.exec(range ?? "") ?? [];
  const start = Number(from ?? 0);
  const part = bytes.subarray(start, to === undefined ? bytes.length : Number(to) + 1);
  response.writeHead(range === undefined ? 200 : 206, {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Range, If-Range",
    "access-control-expose-headers": "Accept-Ranges, Content-Range, ETag, Content-Length",
    "accept-ranges": "bytes",
    etag: '"same"',
    "content-length": part.length,
    ...(range !== undefined && { "content-range": `bytes ${start}-${start + part.length - 1}/${bytes.length}` }),
  });
  if (response.req.method !== "GET" || part.length <= most) return void response.end(part);
  response.write(part.subarray(0, most), () => {
    broke();
    response.destroy();
  });
}
