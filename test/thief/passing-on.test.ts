// A thief who has recorded what went from one service to another, and then reads the memory of both: of the messages
// that were received, nothing there opens one.

import { spawn } from "node:child_process";
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { bundle } from "../bundle.js";
import { memoryOf, obstacle } from "./memory.js";
import { keysIn, publicOf } from "./trial.js";
import { Victim } from "./victims.js";

vi.setConfig({ testTimeout: 300_000 });

const thief = test.skipIf(obstacle() !== null);
const folder = mkdtempSync(join(tmpdir(), "seal-thief-"));
beforeAll(() => bundle({ end: fileURLToPath(new URL("passing-on.ts", import.meta.url)) }, folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that answers a line with a line. */
class End {
  readonly #victim: Victim;
  readonly #program = new Set<string>();
  #answers = 0;

  constructor(role: "sends" | "receives") {
    const args = [join(folder, "end.js"), role];
    this.#victim = new Victim(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] }));
    onTestFinished(() => this.#victim.end());
  }

  /** It begins, after a look at what is there before. */
  async start(): Promise<void> {
    await this.said();
    for (const _ of keysIn(memoryOf(this.#victim.pid), this.#program));
    this.tell("begin");
  }

  tell(line: string): void {
    this.#victim.write(`${line}\n`);
  }

  /** What it says then. */
  ask(line: string): Promise<string> {
    this.tell(line);
    return this.said();
  }

  /** What it says next. */
  async said(): Promise<string> {
    const due = ++this.#answers;
    const text = await this.#victim.said((said) => said.split("\n").length > due);
    return text.split("\n")[due - 1]!;
  }

  /** What could be a key in its memory, but for what is part of the program. */
  keys(): Buffer[] {
    return Array.from(keysIn(memoryOf(this.#victim.pid), new Set(this.#program)), ({ key }) => key);
  }
}

interface Recorded {
  /** As it goes from one to the other: a name, and what is sealed. */
  readonly line: string;
  readonly plaintext: Buffer;
}

/** The counter of the first block that AES-256-GCM encrypts under the nonce of all messages, which is zero. */
const FIRST = Buffer.from("00000000000000000000000000000002", "hex");
const BLOCK = FIRST.length;

const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** What opens recorded messages, by their numbers. */
function opened(keys: readonly Buffer[], messages: readonly Recorded[]): string[] {
  const streams = messages.map(({ line, plaintext }) => {
    const sealed = Buffer.from(line.split(" ")[1]!, "hex");
    return Buffer.from(plaintext.subarray(0, BLOCK).map((byte, i) => byte ^ sealed[i]!)).toString("latin1");
  });
  const found = new Set<string>();
  const tryKey = (what: string, key: Buffer) => {
    const i = streams.indexOf(createCipheriv("aes-256-ecb", key, null).update(FIRST).toString("latin1"));
    if (i >= 0 && opens(key, messages[i]!)) found.add(`${what} ${i}`);
  };
  for (const key of keys) {
    tryKey("key of", key);
    tryKey("chain at", hmac(key, "seal-inbox message"));
  }
  return [...found].sort();
}

const seen = new Set<string>();

/** What the ends drew to agree on the channel: the X-Wing key, and the secret that encapsulates to it. */
function agreed(keys: readonly Buffer[], publicKey: Buffer, answer: Buffer): string[] {
  const found = new Set<string>();
  for (const key of keys) {
    const text = key.toString("latin1");
    if (seen.has(text)) continue;
    seen.add(text);
    const expanded = createHash("shake256", { outputLength: 96 }).update(key).digest();
    if (publicOf(expanded.subarray(64)).equals(publicKey.subarray(-32))) found.add("X-Wing seed");
    const own = publicOf(key);
    for (const [name, bytes] of Object.entries({ sender: publicKey, receiver: answer }))
      if (own.equals(bytes.subarray(-32))) found.add(`X25519 secret of the ${name}`);
  }
  return [...found].sort();
}

function opens(key: Buffer, { line, plaintext }: Recorded): boolean {
  const sealed = Buffer.from(line.split(" ")[1]!, "hex");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.alloc(12), { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).equals(plaintext);
}

thief("of messages that were received, neither end has what opens one", async () => {
  const [sender, receiver] = [new End("sends"), new End("receives")];
  for (const end of [sender, receiver]) await end.start();
  const publicKey = await sender.said();
  const answer = await receiver.ask(publicKey);
  const messages: Recorded[] = [];
  sender.tell(answer);
  const seal = async (length: number) => {
    const plaintext = randomBytes(length);
    messages.push({ line: await sender.ask(plaintext.toString("hex")), plaintext });
  };
  const receive = async (i: number) => expect(await receiver.ask(messages[i]!.line)).toBe("received");
  for (const length of [100, 9000, 1000, 16, 300, 300]) await seal(length);
  for (const i of [0, 1, 2, 3, 5]) await receive(i);
  const early = [sender.keys(), receiver.keys()];
  await seal(1000);
  // What was not received yet is there to be opened: one that was overtaken, and the next.
  const found = early.map((keys) => opened(keys, messages));
  expect(found).toEqual([["chain at 6"], ["chain at 6", "key of 4"]]);
  for (const i of [6, 4]) await receive(i);
  const later = [sender.keys(), receiver.keys()];
  expect(later.map((keys) => opened(keys, messages))).toEqual([[], []]);
  const [first, second] = [publicKey, answer].map((text) => Buffer.from(text, "hex"));
  expect([...early, ...later].map((keys) => agreed(keys, first!, second!))).toEqual([[], [], [], []]);
});
