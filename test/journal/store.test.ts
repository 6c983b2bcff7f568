// The stores that there are, through the contract of all.

import { readdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournalFile } from "../../src/io/journals/open.js";
import { memoryStore } from "./memory-store.js";
import { storeContract } from "./store-contract.js";

storeContract("memory", async () => {
  const store = memoryStore();
  return { open: async () => store.another(), takeOver: async () => store.another(), remove: async () => {} };
});

storeContract("a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "seal-journal-"));
  const open = () => openJournalFile(join(folder, "journal"));
  return {
    open,
    takeOver: async () => {
      removeLocks(folder);
      return open();
    },
    remove: async () => rmSync(folder, { recursive: true }),
  };
});

/** As somebody does it by hand who takes the writer for dead. */
function removeLocks(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(".")) rmSync(join(folder, name));
}
