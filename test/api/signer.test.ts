// A signer whose key is elsewhere: asked once, for each file and epoch, and not believed.

import { generateKeyPairSync, type KeyObject, sign as signWith } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  Identity,
  JournalWriter,
  openBytes,
  rewrap,
  type SealError,
  type Signer,
  seal,
  sealBytes,
  verify,
} from "../../src/index.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure } from "../support.js";

const folder = mkdtempSync(join(tmpdir(), "seal-signer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const rawPublic = (key: KeyObject) => Uint8Array.from(key.export({ format: "der", type: "spki" }).subarray(-32));

/** An agent, which keeps what it is asked to sign. */
function agent(answer = (signature: Uint8Array): Uint8Array => signature): Signer & { readonly asked: Uint8Array[] } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const asked: Uint8Array[] = [];
  return {
    signer: encodeSigner(rawPublic(publicKey)),
    asked,
    sign: async (message) => {
      asked.push(message);
      await new Promise(setImmediate);
      return answer(new Uint8Array(signWith(null, message, privateKey)));
    },
  };
}

const { identity: reader } = await Identity.generate({ classic: true });
const to = [reader.recipient!];
const data = new Uint8Array(5 * 4096).fill(7);

test("signs once for a file, whatever its chunks; and once more for a new list of recipients", async () => {
  const signer = agent();
  const file = await sealBytes(data, { to, sign: signer, chunkSize: 4096 });
  expect(signer.asked.map(({ length }) => length)).toEqual([47]);
  expect(await openBytes(file, { keys: [reader], from: [signer.signer] })).toEqual(data);
  expect(await verify(file, { from: [signer.signer] })).toMatchObject({ signer: signer.signer, chunks: 6 });

  const again = { keys: [reader], to, sign: signer };
  const rewrapped = await rewrap(file, { path: at("rewrapped") }, again);
  expect(signer.asked.length).toBe(2);
  expect(rewrapped.digest).toBe((await verify(file, { from: [signer.signer] })).digest);
  await verify({ path: at("rewrapped") }, { from: [signer.signer] });
});

test("signs once for an epoch of a journal", async () => {
  const signer = agent();
  const writer = await JournalWriter.open({ path: at("journal") }, { to, sign: signer, epoch: { records: 3 } });
  for (let i = 0; i < 7; i++) await writer.append(Uint8Array.of(i));
  await writer.close();
  expect(signer.asked.length).toBe(3);
});

test.each([
  ["of something else", (signature: Uint8Array) => signature.map((byte) => byte ^ 1)],
  ["too short", (signature: Uint8Array) => signature.subarray(1)],
  ["none", () => "signature" as unknown as Uint8Array],
])("a signature that is %s is an error, before anything is written", async (_what, answer) => {
  const signer = agent(answer);
  const sealing = seal(data, { path: at("refused") }, { to, sign: signer });
  expect(await failure(sealing)).toMatchObject({ code: "usage", message: expect.stringContaining(signer.signer) });
  expect(existsSync(at("refused"))).toBe(false);
  const opening = JournalWriter.open({ path: at("refused-journal") }, { to, sign: signer });
  expect((await failure(opening)).code).toBe("usage");
  expect(existsSync(at("refused-journal")) ? statSync(at("refused-journal")).size : 0).toBe(0);
});

test("what it throws ends the operation", async () => {
  const refusal = new Error("the token wants its PIN");
  const signer = { ...agent(), sign: () => Promise.reject(refusal) };
  await expect(sealBytes(data, { to, sign: signer })).rejects.toBe(refusal);
});

test("it is not waited for when the signal ends sealing", async () => {
  const controller = new AbortController();
  const signer = { ...agent(), sign: () => new Promise<Uint8Array>(() => {}) };
  const sealing = sealBytes(data, { to, sign: signer, signal: controller.signal });
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 20);
  await expect(sealing).rejects.toBe(reason);
});

test("its public key must be one", async () => {
  const error: SealError = await failure(sealBytes(data, { to, sign: { ...agent(), signer: "sealsig1" } }));
  expect(error).toMatchObject({ code: "usage", message: expect.stringContaining("sign.signer") });
  expect((await failure(sealBytes(data, { to, sign: { signer: reader.recipient! } as Signer }))).code).toBe("usage");
});
