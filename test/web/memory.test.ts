// A page that opens a large file takes no more memory for it than for a small one: all of the browser's processes
// together, as the system counts them.

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Identity, seal } from "../../src/index.js";
import { IS_WHOLE } from "../whole.js";
import { browse, hasChromium, scriptOf } from "./chromium.js";

const MIB = 1024 * 1024;
const SIZE = (IS_WHOLE ? 2048 : 384) * MIB;
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
