// What signs is read from an identity without the half that opens.

import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Context } from "../../src/cli/command.js";
import { loadIdentities, loadSigner } from "../../src/cli/options/identities.js";
import { native } from "../../src/crypto/native.js";
import { folder } from "../io/folder.js";
import { alice } from "../keys/people.js";

test("of the identity that --sign names, nothing is made that opens", async () => {
  const box = folder();
  writeFileSync(box.at("alice.key"), `${alice.secret}\n`, { mode: 0o600 });
  const none = () => {
    throw new Error("a key that opens");
  };
  const suite = { ...native, mlKem: none, agreementKey: none };
  const context = { signal: new AbortController().signal, report: { note: none } } as unknown as Context;
  const { publicKey } = await loadSigner(suite, box.at("alice.key"), context);
  expect(publicKey).toEqual(alice.signingKey.publicKey);
  await expect(loadIdentities(suite, "--key", [box.at("alice.key")], context)).rejects.toThrow("a key that opens");
});
