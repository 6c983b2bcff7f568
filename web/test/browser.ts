// A real browser with the page as it was built: served from an address, or opened from disk. Requests that the user did
// not ask for, breaches of the page's policy and errors in it fail the test.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished, vi } from "vitest";

export const PAGE = fileURLToPath(new URL("../dist/seal.html", import.meta.url));
const PROGRAM = process.env.SEAL_CHROMIUM ?? "/usr/bin/chromium";

/** Whether there is one. */
export const HAS_BROWSER = existsSync(PROGRAM);
if (!HAS_BROWSER) console.warn(`skipped: the tests of the page need ${PROGRAM}`);

/** Milliseconds for what a test waits for, and for a test: passphrases take seconds, and machines are busy. */
const PATIENCE = 90_000;
vi.setConfig({ testTimeout: 3 * PATIENCE });

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page was opened as. */
  readonly address: string;
}

export interface Opening {
  /** From disk, or served at an address of this machine: by number, or by the name localhost. */
  readonly from?: "disk" | "number" | "name";
  /** Without the picker of places, as in other browsers. */
  readonly picker?: "none" | "stub";
  /** Addresses that the page may ask, by how they begin. */
  readonly asks?: readonly string[];
  readonly fragment?: string;
  readonly dark?: boolean;
  readonly width?: number;
  /** Where a test breaks the page's policy itself. */
  readonly expectsBreaches?: boolean;
  /** In a browser of its own whose profile is on disk, for what is large. */
  readonly onDisk?: boolean;
}

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
});

/** The page in a profile of its own, which goes when the test is over. */
export async function openPage(opening: Opening = {}): Promise<Opened> {
  const { from = "number", picker = "none", asks = [], fragment = "", dark = false, width = 1000 } = opening;
  const looks = {
    viewport: { width, height: 800 },
    colorScheme: dark ? "dark" : "light",
    locale: "en-US",
    timezoneId: "UTC",
    acceptDownloads: true,
  } as const;
  const launch = { executablePath: PROGRAM, headless: true, args: ARGUMENTS };
  if (!opening.onDisk) browser ??= chromium.launch(launch);
  const context = opening.onDisk
    ? await chromium.launchPersistentContext(await folder(), { ...launch, ...looks })
    : await (await browser!).newContext(looks);
  onTestFinished(() => context.close());
  const address = from === "disk" ? pathToFileURL(PAGE).href : await servePage(from);
  const faults: string[] = [];
  context.on("request", (request) => {
    const url = request.url();
    const isOwn = url === address || url.startsWith("blob:") || url.startsWith("data:");
    if (!isOwn && !asks.some((start) => url.startsWith(start))) faults.push(`request: ${url}`);
  });
  context.setDefaultTimeout(PATIENCE);
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("pageerror", (error) => void faults.push(`error: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    // A connection that a test breaks is told by the browser; whatever speaks of the policy is a fault.
    if (!opening.expectsBreaches && /content security policy|trusted ?types?/i.test(text))
      faults.push(`policy: ${text}`);
  });
  await page.addInitScript(picker === "stub" ? stubPicker : removePicker);
  onTestFinished(() => expect(faults).toEqual([]));
  await page.goto(address + fragment);
  return { page, context, address };
}

/** Other browsers have no picker. */
function removePicker(): void {
  Reflect.deleteProperty(window, "showSaveFilePicker");
}

/** What a picker gives, without asking: a file in the private file system, which the test can look at. */
function stubPicker(): void {
  const pick = async ({ suggestedName }: { suggestedName: string }) => {
    const root = await navigator.storage.getDirectory();
    return root.getFileHandle(`picked-${suggestedName}`, { create: true });
  };
  Object.assign(window, { showSaveFilePicker: pick });
}

/** Serves as long as the test runs; the address without a path. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function servePage(from: "number" | "name"): Promise<string> {
  const page = await readFile(PAGE);
  const address = await serve((request, response) => {
    if (request.url !== "/") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  return `${from === "name" ? address.replace("127.0.0.1", "localhost") : address}/`;
}

/** Removed when the test is over. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "seal-page-"));
  onTestFinished(() => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** Shows a view. */
export async function go(page: Page, view: string): Promise<void> {
  await page.getByRole("navigation").getByRole("button", { name: view, exact: true }).click();
}

/** Unlocks a key file that has no passphrase, or this one. */
export async function unlock(page: Page, key: string, passphrase?: string): Promise<void> {
  await go(page, "Your key");
  await page.getByLabel("Choose your key file").setInputFiles(key);
  if (passphrase !== undefined) {
    await page.getByLabel(/is protected/).fill(passphrase);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
  }
  await page.getByRole("heading", { name: "Your public key" }).waitFor();
}

/** The bytes of the download that `work` brings about, and its name. */
export async function downloaded(page: Page, work: () => Promise<unknown>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), work()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** What lies in the origin's private file system. */
export function privateFiles(page: Page): Promise<{ name: string; size: number }[]> {
  return page.evaluate(async () => {
    const found: { name: string; size: number }[] = [];
    const root = (await navigator.storage.getDirectory()) as unknown as {
      entries(): AsyncIterable<[string, { getFile(): Promise<File> }]>;
    };
    for await (const [name, handle] of root.entries()) found.push({ name, size: (await handle.getFile()).size });
    return found;
  });
}
