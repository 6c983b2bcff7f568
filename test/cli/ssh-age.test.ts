// age's recipients of ssh beside ours: the same conversion to X25519, and nothing else.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { montgomeryOf } from "../../src/crypto/montgomery.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { sshSeed } from "../../src/keys/ssh/private.js";
import { parseSshKey } from "../../src/keys/ssh/public.js";
import { sshBlob } from "../../src/keys/ssh/wire.js";
import { shown } from "../support.js";
import { inSandbox, sh } from "./sandbox.js";

const isThere = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
const HAS_AGE = isThere("age") && isThere("ssh-keygen");
if (!HAS_AGE) console.warn("age or ssh-keygen is missing: age's recipients of ssh are not tried");

const INFO = utf8("age-encryption.org/v1/ssh-ed25519");

test.runIf(HAS_AGE)(
  "a stanza of age's opens by our two halves of the key, and names the key, as ours does not",
  inSandbox(async (box) => {
    const made = await sh(
      box,
      "ssh-keygen -q -t ed25519 -N '' -f ann && echo hello > f && age -R ann.pub -o f.age f && seal f --to ann.pub --unsigned -q",
    );
    expect(made.stderr).toBe("");
    const [, tag, share, body] = /^-> ssh-ed25519 (\S+) (\S+)\n(\S+)\n/m.exec(
      readFileSync(join(box.dir, "f.age"), "latin1"),
    )!;
    const [encapsulated, wrapped] = [share!, body!].map((text) => new Uint8Array(Buffer.from(text, "base64"))) as [
      Uint8Array,
      Uint8Array,
    ];
    const key = await parseSshKey(native, readFileSync(join(box.dir, "ann.pub"), "utf8"));
    const seed = await sshSeed(native, copySecret(readFileSync(join(box.dir, "ann"))), async () => null);
    const secret = shown(native.sha512(seed)).slice(0, 32);

    const tweak = hkdf(sha256, new Uint8Array(), sshBlob(key), INFO, 32);
    const shared = x25519.getSharedSecret(tweak, x25519.getSharedSecret(secret, encapsulated));
    const wrapping = hkdf(sha256, shared, concat(encapsulated, montgomeryOf(key)), INFO, 32);
    expect(chacha20poly1305(wrapping, new Uint8Array(12)).decrypt(wrapped)).toHaveLength(16);

    // Whoever has a list of keys sees of age's file for which of them it is.
    const nameOf = createHash("sha256").update(sshBlob(key)).digest();
    expect(tag).toBe(nameOf.subarray(0, 4).toString("base64").replace(/=+$/, ""));
    const ours = readFileSync(join(box.dir, "f.sealed"));
    for (const part of [key, montgomeryOf(key), nameOf.subarray(0, 4)])
      expect(ours.includes(Buffer.from(part))).toBe(false);
  }),
);
