// A database, through the contracts of all stores: of inboxes, and of journals.

import { afterAll, describe } from "vitest";
import { storeContract } from "../../../../test/journal/store-contract.js";
import { oneIn } from "../../../../test/whole.js";
import { parseAddress } from "../../../src/store/postgres/address.js";
import { initPostgres, PostgresStore } from "../../../src/store/postgres/store.js";
import { anyServer } from "../../own-server.js";
import { hasPostgres } from "../../postgres.js";
import { inboxStoreContract } from "../contract.js";
import { retentionContract } from "../retention-contract.js";

oneIn(4);

const RECIPIENT = await (await import("@sealed-files/seal")).Identity.generate();

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  const server = anyServer();

  const open = async () => {
    const address = parseAddress(await server().database(), false);
    await initPostgres(address, { allowUnsafe: true });
    return PostgresStore.open(address, { allowUnsafe: true });
  };
  inboxStoreContract("a database", open);
  retentionContract("a database", open);

  let shared: PostgresStore | null = null;
  let count = 0;
  storeContract("a database", async () => {
    shared ??= await open();
    const name = `inbox-${count++}`;
    await shared.add(name, { label: "", recipients: [RECIPIENT.identity.recipient] });
    const writing = () => shared!.place(name).writing();
    return { open: writing, takeOver: writing, remove: async () => {} };
  });
  afterAll(() => shared?.close());
});
