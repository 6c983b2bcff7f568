// A database, through the contracts of all stores: of inboxes, and of journals.

import { afterAll, beforeAll, describe } from "vitest";
import { storeContract } from "../../../../test/journal/store-contract.js";
import { parseAddress } from "../../../src/store/postgres/address.js";
import { initPostgres, PostgresStore } from "../../../src/store/postgres/store.js";
import { hasPostgres, type Server, startPostgres } from "../../postgres.js";
import { inboxStoreContract } from "../contract.js";
import { retentionContract } from "../retention-contract.js";

const RECIPIENT = await (await import("@sealed-files/seal")).Identity.generate();

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startPostgres(["fsync=off"]);
  }, 60_000);
  afterAll(() => server.remove());

  const open = async () => {
    const address = parseAddress(await server.database(), false);
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
