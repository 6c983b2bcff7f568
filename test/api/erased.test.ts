// What a call that is refused leaves behind of its secrets: nothing. Every secret is watched from where it is made.

import { beforeEach, expect, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { Identity, type OpenOptions, openBytes, type SealOptions, sealBytes } from "../../src/index.js";
import { failure } from "../support.js";

const { made } = vi.hoisted(() => ({ made: [] as Uint8Array[] }));

vi.mock("../../src/crypto/secret.js", async (original) => {
  const real = await original<typeof import("../../src/crypto/secret.js")>();
  const noted = <F extends (...args: never[]) => Uint8Array>(make: F): F =>
    ((...args: Parameters<F>) => {
      const secret = make(...args);
      made.push(secret);
      return secret;
    }) as F;
  return {
    ...real,
    newSecret: noted(real.newSecret),
    ownSecret: noted(real.ownSecret),
    copySecret: noted(real.copySecret),
    joinSecret: noted(real.joinSecret),
  };
});

beforeEach(() => {
  made.length = 0;
});

const WORD = "correct horse battery";
/** Passphrases and the lines of identities; a suite also draws keys to try itself. */
const SECRETS = /correct horse|SEAL-SECRET-KEY-1/;
const word = () => utf8(WORD);
const { identity, secretFile, publicText } = await Identity.generate();
const to = [/^seal1\S+/m.exec(publicText)![0]];
const sealed = await sealBytes(utf8("text"), { to, sign: identity });

const CALLS: Record<string, () => Promise<unknown>> = {
  "seal: neither signed nor unsigned": () => sealBytes(utf8("x"), { to, passphrase: word() } as unknown as SealOptions),
  "seal: a chunk size that is none": () =>
    sealBytes(utf8("x"), { to, unsigned: true, passphrase: word(), chunkSize: 5 }),
  "seal: an unknown option": () =>
    sealBytes(utf8("x"), { to, unsigned: true, passphrase: word(), pass: 1 } as unknown as SealOptions),
  "seal: a recipient that is none": () => sealBytes(utf8("x"), { to: ["seal1x"], unsigned: true, passphrase: word() }),
  "open: what excludes itself": () =>
    openBytes(sealed, { keys: [], passphrase: word(), allowUnsigned: true, label: "x" }),
  "open: bytes are not resumed": () => openBytes(sealed, { keys: [], passphrase: word(), from: "any", resume: true }),
  "open: a range that is none": () =>
    openBytes(sealed, { keys: [], passphrase: word(), from: "any", range: {} } as unknown as OpenOptions),
  "open: another passphrase": () => openBytes(sealed, { keys: [], passphrase: word(), from: "any" }),
  "generate: what excludes itself": () => Identity.generate({ classic: true, only: "open", passphrase: word() }),
  "generate: a sender that is none": () => Identity.generate({ accept: ["x"], passphrase: word() }),
  "generate: not UTF-8": () => Identity.generate({ passphrase: Uint8Array.of(...word(), 0xff) }),
  "parse: a passphrase that is none": () => Identity.parse(secretFile, WORD as unknown as Uint8Array),
};

test.each(Object.entries(CALLS))("%s", async (_name, call) => {
  expect((await failure(call())).code).toMatch(/usage|no-key/);
  for (const secret of made) expect(Buffer.from(secret).toString("latin1")).not.toMatch(SECRETS);
});

test("what is watched is there while it is needed", async () => {
  const opened = openBytes(await sealBytes(utf8("x"), { to: [], unsigned: true, passphrase: word() }), {
    keys: [],
    passphrase: word(),
    allowUnsigned: true,
  });
  expect(made.some((secret) => Buffer.from(secret).toString("latin1") === WORD)).toBe(true);
  await opened;
});
