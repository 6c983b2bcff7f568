// The library in a real browser, on a page whose policy allows its one script and workers of a Blob, and nothing else.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FullIdentity, Identity, sealBytes } from "../../src/index.js";
import { serving, site } from "../io/server.js";
import { type Browser, browse, hasChromium, scriptOf } from "./chromium.js";

type Web = typeof import("../../src/web/index.js");

declare global {
  var seal: Web;
}

interface Handle {
  createWritable(): Promise<{ write(bytes: unknown): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
  getFile(): Promise<Blob>;
  readonly kind: "file";
  readonly name: string;
}

/** What the page is asked to do; what became of it. */
interface Asked {
  readonly secret: number[];
  readonly signer: string;
  readonly url: string | null;
  readonly most: number;
}

interface Told {
  readonly bytes: number | null;
  readonly code: string | null;
  readonly message: string | null;
  /** Of the output file, afterwards. */
  readonly sha256: string;
}

/** Opens the chosen file, or an address, into a file of the origin's private file system, which said "before". */
async function openOnPage({ secret, signer, url, most }: Asked): Promise<Told> {
  const page = globalThis as unknown as {
    navigator: { storage: { getDirectory(): Promise<{ getFileHandle(name: string, o: object): Promise<Handle> }> } };
    document: { querySelector(selector: string): { files: Blob[] } };
  };
  const { Identity, open, SealError, useWorkers } = globalThis.seal;
  useWorkers({ most });
  const folder = await page.navigator.storage.getDirectory();
  const handle = await folder.getFileHandle("out", { create: true });
  const before = await handle.createWritable();
  await before.write("before");
  await before.close();
  const identity = await Identity.parse(Uint8Array.from(secret));
  const input = url === null ? page.document.querySelector("#file").files[0]! : { url };
  const outcome = await open(input, handle, { keys: [identity], from: [signer] }).then(
    ({ bytes }) => ({ bytes, code: null, message: null }),
    (error) => {
      if (!(error instanceof SealError)) throw error;
      return { bytes: null, code: error.code, message: error.message };
    },
  );
  const hash = await crypto.subtle.digest("SHA-256", await (await handle.getFile()).arrayBuffer());
  const sha256 = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...outcome, sha256 };
}

/** Makes a protected identity: whether its file is that identity's again, and what workers have said meanwhile. */
async function protectAndParse(): Promise<[fits: boolean, said: string[]]> {
  const scope = globalThis as unknown as { Worker: new (url: string) => EventTarget };
  const said: string[] = [];
  const { Worker } = scope;
  scope.Worker = class extends Worker {
    constructor(url: string) {
      super(url);
      this.addEventListener("message", (event) => said.push(...Object.keys((event as { data?: object }).data!)));
    }
  };
  const { Identity } = globalThis.seal;
  const passphrase = new TextEncoder().encode("correct horse");
  const { identity, secretFile } = await Identity.generate({ passphrase });
  const fits = (await Identity.parse(secretFile, passphrase)).signer === identity.signer;
  scope.Worker = Worker;
  return [fits, said];
}

const SIZE = 21_000_000;
const plaintext = new Uint8Array(SIZE).map((_, i) => 31 * i + (i >> 8) + (i >> 16));
const hashOf = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
const DONE = { bytes: SIZE, code: null, message: null, sha256: hashOf(plaintext) };
const BEFORE = hashOf("before");

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser;
  let folder: string;
  let identity: FullIdentity;
  let sealed: Uint8Array;
  let asked: Asked;
  let script: string;

  const choose = async (bytes: Uint8Array, on = browser) => {
    writeFileSync(join(folder, "chosen.sealed"), bytes);
    await on.page.setInputFiles("#file", join(folder, "chosen.sealed"));
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "seal-web-"));
    const made = await Identity.generate();
    identity = made.identity;
    sealed = await sealBytes(plaintext, { to: [identity.recipient], sign: identity });
    asked = { secret: [...made.secretFile], signer: identity.signer, url: null, most: 2 };
    script = await scriptOf(fileURLToPath(new URL("page.js", import.meta.url)));
    browser = await browse(script);
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  }, 60_000);

  test("a file is opened by workers into a file", async () => {
    await choose(sealed);
    expect(await browser.page.evaluate(openOnPage, asked)).toEqual(DONE);
    expect(browser.page.workers().length).toBeGreaterThan(0);
    expect(browser.faults).toEqual([]);
  }, 120_000);

  test("an address whose connection breaks goes on where it broke", async () => {
    const self = await site(() => undefined);
    const serve = serving(sealed, { drops: [6_000_000, 5_000_000] });
    const ranges: (string | undefined)[] = [];
    browser.routes.set("/file.sealed", (request, response) => {
      ranges.push(request.headers.range);
      serve(request, response, self);
    });
    const url = `${browser.origin}/file.sealed`;
    expect(await browser.page.evaluate(openOnPage, { ...asked, url })).toEqual(DONE);
    const starts = ranges.map((range) => Number(/^bytes=(\d+)-/.exec(range!)![1]));
    expect(starts).toHaveLength(3);
    expect(starts[0]).toBe(0);
    expect(starts[2]).toBeGreaterThan(starts[1]!);
    expect(browser.faults).toEqual([]);
    await self.close();
  }, 120_000);

  test("what is altered, cut off or a stranger's leaves the file as it was", async () => {
    const altered = Uint8Array.from(sealed);
    altered[SIZE - 100]! ^= 1;
    const stranger = (await Identity.generate()).identity;
    const others = await sealBytes(plaintext.subarray(0, 1000), { to: [identity.recipient], sign: stranger });
    for (const [bytes, code] of [
      [altered, "tampered"],
      [sealed.subarray(0, -1000), "tampered"],
      [others, "untrusted"],
    ] as const) {
      await choose(bytes);
      expect(await browser.page.evaluate(openOnPage, asked)).toMatchObject({ code, sha256: BEFORE });
    }
    expect(browser.faults).toEqual([]);
  }, 180_000);

  test("where storage is full, the file stays as it was", async () => {
    await choose(sealed);
    const quota = (size?: number) =>
      browser.send("Storage.overrideQuotaForOrigin", { origin: browser.origin, ...(size && { quotaSize: size }) });
    await quota(10_000_000);
    const told = await browser.page.evaluate(openOnPage, asked);
    await quota();
    expect(told).toMatchObject({ code: "io", sha256: BEFORE });
    expect(told.message).toMatch(/^cannot write out: /);
  }, 120_000);

  test("a passphrase's key is made by a worker", async () => {
    expect(await browser.page.evaluate(protectAndParse)).toEqual([true, ["ready", "stretched", "ready", "stretched"]]);
    expect(browser.faults).toEqual([]);
  }, 120_000);

  test("without workers, where the policy forbids them", async () => {
    const bare = await browse(script, "");
    try {
      await choose(sealed, bare);
      expect(await bare.page.evaluate(openOnPage, { ...asked, most: 0 })).toEqual(DONE);
      expect(bare.faults).toEqual([]);
      // They are tried, and not waited for.
      expect(await bare.page.evaluate(openOnPage, asked)).toEqual(DONE);
      expect(bare.page.workers()).toEqual([]);
      expect(await bare.page.evaluate(protectAndParse)).toEqual([true, []]);
    } finally {
      await bare.close();
    }
  }, 180_000);
});
