// What is large, on a page: a file, which takes no more memory to open than a small one (all of the browser's processes
// together, as the system counts them), and a journal.

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Identity, JournalWriter, seal } from "../../src/index.js";
import { IS_WHOLE } from "../whole.js";
import { browse, hasChromium, scriptOf } from "./chromium.js";

const MIB = 1024 * 1024;
const SIZE = (IS_WHOLE ? 2048 : 256) * MIB;
/** What chunks under way, in each process that has them, and what is not collected yet may take. */
const MOST = 320 * MIB;

/** Opens the chosen file into one of the origin's private file system; its size. */
async function openOnPage([secret, signer]: [number[], string]): Promise<number> {
  const page = globalThis as unknown as {
    navigator: { storage: { getDirectory(): Promise<{ getFileHandle(name: string, o: object): Promise<Handle> }> } };
    document: { querySelector(selector: string): { files: Blob[] } };
  };
  const { Identity, open } = globalThis.seal;
  const folder = await page.navigator.storage.getDirectory();
  const handle = await folder.getFileHandle("out", { create: true });
  const keys = [await Identity.parse(Uint8Array.from(secret))];
  await open(page.document.querySelector("#file").files[0]!, handle, { keys, from: [signer] });
  return (await handle.getFile()).size;
}

interface Handle {
  createWritable(): Promise<{ write(bytes: unknown): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
  getFile(): Promise<Blob>;
  readonly kind: "file";
  readonly name: string;
}

const isIn = (pid: string, tree: ReadonlySet<string>) => tree.has(/^PPid:\s+(\d+)/m.exec(statusOf(pid))?.[1] ?? "");

function statusOf(pid: string): string {
  return read(`/proc/${pid}/status`);
}

/** Empty where the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Bytes of what this process has started, and of what that has; what is shared counts in part. */
function memoryOfChildren(): number {
  const tree = new Set([String(process.pid)]);
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (let before = 0; before < tree.size; ) {
    before = tree.size;
    for (const pid of pids) if (isIn(pid, tree)) tree.add(pid);
  }
  tree.delete(String(process.pid));
  const kib = (pid: string) => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return [...tree].reduce((sum, pid) => sum + 1024 * kib(pid), 0);
}

test.skipIf(!hasChromium)(
  "a large file is opened in as little memory as a small one",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "seal-web-"));
    const [plain, sealed] = [join(folder, "plain"), join(folder, "large.sealed")];
    writeFileSync(plain, "");
    truncateSync(plain, SIZE);
    const { identity, secretFile } = await Identity.generate();
    await seal({ path: plain }, { path: sealed }, { to: [identity.recipient], sign: identity });
    const browser = await browse(await scriptOf(fileURLToPath(new URL("page.js", import.meta.url))));
    await browser.page.setInputFiles("#file", sealed);
    const before = memoryOfChildren();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, memoryOfChildren() - before);
    }, 200);
    const size = await browser.page.evaluate(openOnPage, [[...secretFile], identity.signer] as [number[], string]);
    clearInterval(watch);
    await browser.close();
    rmSync(folder, { recursive: true });
    expect(size).toBe(SIZE);
    expect(browser.faults).toEqual([]);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(MOST);
  },
  600_000,
);

const RECORDS = IS_WHOLE ? 1_000_000 : 50_000;
const BATCH = 5000;
const textOf = (index: number) => `{"order":${index},"what":"a record of a shop, of some sixty bytes"}`;

/** Reads the journal that was chosen: how many records there are, and how many of them are not in their place. */
async function readOnPage([secret, signer]: [number[], string]): Promise<[records: number, wrong: number]> {
  const page = globalThis as unknown as { document: { querySelector(selector: string): { files: Blob[] } } };
  const { Identity, JournalReader } = globalThis.seal;
  const keys = [await Identity.parse(Uint8Array.from(secret))];
  const decoder = new TextDecoder();
  let [records, wrong] = [0, 0];
  const journal = page.document.querySelector("#file").files[0]!;
  for await (const batch of await JournalReader.open(journal, { keys, from: [signer], label: "orders" }))
    for (const record of batch.records) if (JSON.parse(decoder.decode(record)).order !== records++) wrong++;
  return [records, wrong];
}

test.skipIf(!hasChromium)(
  "a journal of a million records is read in its order",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "seal-web-"));
    const path = join(folder, "orders.journal");
    const { identity, secretFile } = await Identity.generate();
    const writer = await JournalWriter.open({ path }, { to: [identity.recipient], sign: identity, label: "orders" });
    for (let at = 0; at < RECORDS; at += BATCH)
      await writer.append(Array.from({ length: BATCH }, (_, i) => Buffer.from(textOf(at + i))));
    await writer.close();
    const browser = await browse(await scriptOf(fileURLToPath(new URL("page.js", import.meta.url))));
    await browser.page.setInputFiles("#file", path);
    const read = await browser.page.evaluate(readOnPage, [[...secretFile], identity.signer] as [number[], string]);
    await browser.close();
    rmSync(folder, { recursive: true });
    expect(read).toEqual([RECORDS, 0]);
    expect(browser.faults).toEqual([]);
  },
  600_000,
);
