// A thief after what was decrypted in one piece, as a secret line or a file key is: of that, and of the keys, nothing
// is left in memory.

import { spawn } from "node:child_process";
import { type CipherGCM, createCipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { bundle } from "../bundle.js";
import type { Piece } from "./decrypting.js";
import { memoryOf, obstacle } from "./memory.js";
import { Needles } from "./needles.js";
import { Victim } from "./victims.js";

vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), "seal-thief-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const thief = test.skipIf(obstacle() !== null);

/** A part of a plaintext, as memory that was freed and used again keeps it. */
const PART = 16;

function sealed(how: Piece["how"], plaintext: Buffer): Piece {
  const key = randomBytes(32);
  const nonce = randomBytes(how === "aesCtr" ? 16 : 12);
  const cipher = createCipheriv(how === "aesCtr" ? "aes-256-ctr" : "aes-256-gcm", key, nonce) as CipherGCM;
  const made = [cipher.update(plaintext), cipher.final(), ...(how === "aesCtr" ? [] : [cipher.getAuthTag()])];
  if (how === "aeadOpen, refused") made[2]![0]! ^= 1;
  const [text, ...others] = [Buffer.concat(made), key, nonce].map((bytes) => bytes.toString("hex"));
  return { how, key: others[0]!, nonce: others[1]!, sealed: text! };
}

thief("of what was decrypted, and erased or refused, neither a word nor a key is left", async () => {
  const needles = new Needles();
  const pieces: Piece[] = [];
  for (let length = 100; length <= 1000; length += 9) {
    for (const how of ["aeadOpen", "aeadOpen, refused", "aesCtr", "kept"] as const) {
      if (how === "kept" && length !== 496) continue;
      const plaintext = randomBytes(length);
      const piece = sealed(how, plaintext);
      pieces.push(piece);
      for (let at = 0; at + PART <= length; at += PART)
        needles.add(`${how}, byte ${at} of ${length}`, plaintext.subarray(at, at + PART));
      needles.add(`${how}, key`, Buffer.from(piece.key, "hex"));
    }
  }
  writeFileSync(join(folder, "pieces"), JSON.stringify(pieces));
  await bundle({ decrypting: fileURLToPath(new URL("decrypting.ts", import.meta.url)) }, folder);
  const args = [join(folder, "decrypting.js"), join(folder, "pieces")];
  const victim = new Victim(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] }));
  onTestFinished(() => victim.end());
  await victim.said((text) => text.includes("done"));
  const found = [...needles.foundIn(memoryOf(victim.pid))];
  const [kept, others] = [true, false].map((is) => found.filter((name) => name.startsWith("kept") === is).sort());
  // What it keeps is there, and found.
  expect([kept!.length, others]).toEqual([496 / PART, []]);
});
