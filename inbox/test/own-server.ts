// A PostgreSQL server for a group of tests: to be called in the group. It is there before hooks that come later, and
// goes after what they make.

import { afterAll, beforeAll } from "vitest";
import { hasPostgres, type Server, startPostgres } from "./postgres.js";

const isOthers = process.env.SEAL_TEST_POSTGRES !== undefined;

/** Whether there can be one that the tests have to themselves, to end it, say. */
export const hasOwnServer = hasPostgres && !isOthers;

/** Settings as of `startPostgres`. */
export function ownServer(settings: readonly string[] = []): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await startPostgres(settings);
  }, 60_000);
  afterAll(() => server?.remove());
  return () => server!;
}

/** Of the tests' own, and without what takes time; or the one that SEAL_TEST_POSTGRES names. Needs `hasPostgres`. */
export function anyServer(): () => Server {
  return ownServer(isOthers ? [] : ["fsync=off"]);
}
