// The stores that there are, through the contract of all.

import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SealError } from "../../src/errors.js";
import { openJournalFile } from "../../src/io/journal-file.js";
import { memoryStore } from "./memory-store.js";
import { storeContract } from "./store-contract.js";

storeContract("memory", async () => {
  const store = memoryStore();
  store.closed = true;
  return {
    open: async () => {
      if (!store.closed) throw new SealError("io", "it has a writer already");
      store.closed = false;
      return store;
    },
    remove: async () => {},
  };
});

storeContract("a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "seal-journal-"));
  return {
    open: () => openJournalFile(join(folder, "journal")),
    remove: async () => rmSync(folder, { recursive: true }),
  };
});
