// Settings of a whole server under which it may lose what it has committed.

import type { SealError } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../../src/store/postgres/address.js";
import { initPostgres, PostgresStore } from "../../../src/store/postgres/store.js";
import { hasPostgres, startPostgres } from "../../postgres.js";

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: SealError) => error,
  );

describe.skipIf(!hasPostgres)("a server", () => {
  test.each(["fsync", "full_page_writes"])(
    "whose %s is off is refused, where nobody has said that it may be",
    async (name) => {
      const server = await startPostgres([`${name}=off`]);
      try {
        const address = parseAddress(await server.database(), false);
        const refused = await failure(initPostgres(address, { allowUnsafe: false }));
        expect([refused.code, refused.message]).toEqual(["io", expect.stringContaining(`its ${name} is off`)]);
        await initPostgres(address, { allowUnsafe: true });
        expect((await failure(PostgresStore.open(address, { allowUnsafe: false }))).message).toBe(refused.message);
        await (await PostgresStore.open(address, { allowUnsafe: true })).close();
      } finally {
        await server.remove();
      }
    },
    120_000,
  );
});
