// The attack that journals are made for: a thief takes all that the writer's process can reach, and the journal, and tries to read what was sealed before.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { bundle } from "../bundle.js";
import { recipient } from "../ops/samples.js";
import { decrypt, derive, type ReadEpoch, readBack } from "./read-back.js";

const folder = mkdtempSync(join(tmpdir(), "seal-theft-"));
const PROGRAM = join(folder, "child.js");

beforeAll(async () => {
  const child = fileURLToPath(new URL("theft-child.ts", import.meta.url));
  await bundle({ child }, folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Loot {
  readonly bytes: readonly string[];
  readonly keys: readonly string[];
  readonly strings: readonly string[];
}

interface Heist {
  readonly epochs: readonly ReadEpoch[];
  readonly journal: Buffer;
  readonly loot: Record<string, Loot>;
  /** For each "scan": which keys, of those that have sealed or will, stand anywhere in the process's memory, raw. */
  readonly scanned: readonly string[][];
}

/** Does as the commands say, in a process of its own; what was stolen on the way, and the journal as it is in the end. */
async function heist(commands: readonly string[], leak?: "leak"): Promise<Heist> {
  const place = mkdtempSync(join(folder, "heist-"));
  const args = ["--expose-gc", PROGRAM, place, toHex(recipient.publicKey), ...(leak ? [leak] : [])];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async () => (await answers.next()).value as string | undefined;
  const signer = fromHex((await answer())!);
  const scanned: string[][] = [];
  for (const command of commands) {
    if (command === "scan") {
      scanned.push(keysIn(child.pid!, readBack(readFileSync(join(place, "journal")), recipient, signer)));
      continue;
    }
    child.stdin.write(`${command}\n`);
    expect(await answer(), command).toBe("done");
  }
  await ended(child);
  const journal = readFileSync(join(place, "journal"));
  const names = commands.filter((each) => each.startsWith("steal ")).map((each) => each.slice(6));
  const loot = Object.fromEntries(names.map((name) => [name, JSON.parse(readFileSync(join(place, name), "utf8"))]));
  return { epochs: readBack(journal, recipient, signer), journal, loot, scanned };
}

/** The memory of a process that was started by this one, or of this one. */
function* memoryOf(pid: number): Generator<Buffer> {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from, to, access, name = ""] = /^(\w+)-(\w+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
      if (!access?.startsWith("rw") || name.startsWith("[v")) continue;
      const [start, end] = [Number.parseInt(from!, 16), Number.parseInt(to!, 16)];
      for (let at = start; at < end; at += PIECE) {
        // Pieces overlap by as much as a key may lack.
        const piece = Buffer.alloc(Math.min(PIECE + 31, end - at));
        yield piece.subarray(0, readSync(memory, piece, 0, piece.length, at));
      }
    }
  } finally {
    closeSync(memory);
  }
}

const PIECE = 2 ** 24;

function keysIn(pid: number, epochs: readonly ReadEpoch[]): string[] {
  const keys = epochs.flatMap(({ fileKey, frames }, epoch) => [
    [`file key ${epoch}`, fileKey] as const,
    ...frames.map(({ chainKey }, frame) => [`chain key ${epoch} ${frame}`, chainKey] as const),
    ...frames.map(({ key }, frame) => [`frame key ${epoch} ${frame}`, key] as const),
    [`chain key ${epoch} ${frames.length}`, derive(frames.at(-1)!.chainKey, "seal.v1 next")] as const,
  ]);
  const found = new Set<string>();
  for (const piece of memoryOf(pid)) for (const [name, key] of keys) if (piece.includes(key)) found.add(name);
  return [...found];
}

/** Whether this system lets a process look into those that it has started. From Node 24 on, copies of keys stay until they are collected. */
function canScan(): boolean {
  if (process.platform !== "linux" || Number.parseInt(process.versions.node, 10) >= 24) return false;
  try {
    return !memoryOf(process.pid).next().done;
  } catch {
    return false;
  }
}

function ended(child: ChildProcess): Promise<void> {
  child.stdin!.end();
  return new Promise((resolve) => child.on("exit", () => resolve()));
}

/** Everything in the loot that could be a key of 32 bytes: each such piece of its memory, its keys, and what its strings hold as text. */
function candidates({ bytes, keys, strings }: Loot): Buffer[] {
  const found = new Map<string, Buffer>();
  for (const text of [...bytes, ...keys]) {
    const memory = Buffer.from(text, "hex");
    for (let at = 0; at + 32 <= memory.length; at++) {
      const window = memory.subarray(at, at + 32);
      if (isRandom(window)) found.set(window.toString("latin1"), window);
    }
  }
  for (const text of strings) {
    for (const [match] of text.matchAll(/[0-9a-f]{64}|[0-9A-F]{64}/g)) found.set(match, Buffer.from(match, "hex"));
    for (const [match] of text.matchAll(/(?<![\w+/-])[\w+/-]{43}(?![\w+/-])/g))
      found.set(match, Buffer.from(match, "base64"));
  }
  return [...found.values()];
}

/** No key of 32 random bytes has so few different ones: the chance is below 2^-50. */
function isRandom(window: Buffer): boolean {
  return new Set(window).size > 18;
}

interface Opened {
  readonly epoch: number;
  readonly frame: number;
  readonly by: string;
}

/** What the thief opens with the loot: each frame that some candidate opens, as any kind of key. */
function opened(loot: Loot, { epochs, journal }: Heist): Opened[] {
  const found = new Map<string, Opened>();
  const keys = candidates(loot);
  for (const [epoch, { commitment, frames, core, offset }] of epochs.entries()) {
    const enc = journal.subarray(offset + core.length + 6, offset + core.length + 38);
    const tell = (frame: number, by: string) => found.set(`${epoch} ${frame} ${by}`, { epoch, frame, by });
    for (const key of keys) {
      if (derive(key, "seal.v1 commitment").equals(commitment)) tell(-1, "file key");
      if (Buffer.from(native.agreementKey(key).publicKey).equals(enc)) tell(-1, "ephemeral secret");
      const next = derive(key, "seal.v1 frame");
      for (const [frame, { position, end }] of frames.entries()) {
        const ciphertext = journal.subarray(position + 4, end - 112);
        const tag = journal.subarray(end - 112, end - 96);
        if (decrypt(key, frame, ciphertext, tag)) tell(frame, "frame key");
        if (decrypt(next, frame, ciphertext, tag)) tell(frame, "chain key");
      }
    }
  }
  return [...found.values()];
}

/** The records whose text stands in the loot. */
function legible(loot: Loot, epochs: readonly ReadEpoch[]): string[] {
  const records = epochs.flatMap(({ frames }) => frames.flatMap(({ records }) => records));
  return records.filter((text) => {
    const hex = Buffer.from(text).toString("hex");
    return [...loot.bytes, ...loot.strings].some((each) => each.includes(hex) || each.includes(text));
  });
}

const THREE = ["append 0", "append 1", "append 2"];

test("all that a writer can reach after record n opens nothing up to n, what follows in this epoch, and nothing of the next", async () => {
  const all = await heist([...THREE, "steal loot", "append 3", "append 4", "epoch", "append 5"]);
  expect(all.epochs.map(({ frames }) => frames.length)).toEqual([5, 1]);
  // The next frame's chain key is there, from which those of all later ones follow: the thief has looked in the right places.
  expect(opened(all.loot.loot!, all)).toEqual([{ epoch: 0, frame: 3, by: "chain key" }]);
  expect(legible(all.loot.loot!, all.epochs)).toEqual([]);
});

test("once an epoch is ended, there is nothing to find", async () => {
  const all = await heist([...THREE, "epoch", "steal loot", "append 3"]);
  expect(opened(all.loot.loot!, all)).toEqual([]);
  expect(legible(all.loot.loot!, all.epochs)).toEqual([]);
});

test("a writer that keeps what it must not is found out, whatever that is", async () => {
  const all = await heist([...THREE, "steal loot"], "leak");
  const found = opened(all.loot.loot!, all).map(({ frame, by }) => `${by} ${frame}`);
  const perFrame = ["frame key", "chain key"].flatMap((by) => [0, 1, 2].map((frame) => `${by} ${frame}`));
  const expected = ["file key -1", "ephemeral secret -1", ...perFrame];
  expect(found.sort()).toEqual(expected.sort());
  expect(legible(all.loot.loot!, all.epochs)).toHaveLength(3);
});

test.runIf(canScan())(
  "nor does the whole memory of its process, garbage and all, hold another key than the next frame's",
  async () => {
    const many = Array.from({ length: 30 }, (_, index) => `append ${index}`);
    const { scanned } = await heist([...many, "scan", "epoch", "scan", ...many, "scan"]);
    expect(scanned).toEqual([["chain key 0 30"], [], ["chain key 1 30"]]);
  },
);
