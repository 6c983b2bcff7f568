// What one service passes on to another is encrypted within TLS once more: OpenSSL and Node keep what they have handled
// for a while, so they are given ciphertext. Who sends draws an X-Wing key for the channel, the other encapsulates to
// it, and each message has a key of its own, which both erase with it: of what was acknowledged, neither has anything
// that opens it. It holds against a quantum computer built later, as what is sealed does.

import { randomBytes } from "node:crypto";
import {
  Age,
  eraseSecret,
  isValidXWingRecipient,
  joinSecret,
  type Kem,
  loadKem,
  loadSuite,
  type Secret,
  type Suite,
} from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";

/** Each key encrypts one message. */
const NONCE = new Uint8Array(12);
const [MESSAGE, NEXT] = [Buffer.from("seal-inbox message"), Buffer.from("seal-inbox next")];
const ID_BYTES = 16;
export const PUBLIC_KEY_BYTES = 1216;
const ENC_BYTES = 1120;
export const TAG_BYTES = 16;
/** Messages that may be on their way at a time, of one channel: what is not there yet leaves its key here. */
const MOST_AHEAD = 1024;
/** Channels that are kept: one for each service, and those before, of which messages may be on their way. */
const MOST_CHANNELS = 256;
/** Milliseconds after which a channel is no longer used for new messages: what a thief has opens none of the next. */
const CHANNEL_TIME = 300_000;

/** Keys that follow from each other, of which none leads back. */
class Ratchet {
  readonly #suite: Suite;
  /** null once it is erased. */
  #chain: Secret | null;

  constructor(suite: Suite, chain: Secret) {
    this.#suite = suite;
    this.#chain = chain;
  }

  next(): Secret {
    const chain = this.#chain;
    if (!chain) throw new Error("this channel is closed");
    const key = this.#suite.hmacSha256(chain, MESSAGE);
    this.#chain = this.#suite.hmacSha256(chain, NEXT);
    eraseSecret(chain);
    return key;
  }

  get isErased(): boolean {
    return this.#chain === null;
  }

  erase(): void {
    if (this.#chain) eraseSecret(this.#chain);
    this.#chain = null;
  }
}

export interface Sealed {
  /** Names the channel, and which of its messages this is. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The end that sends. */
export class Sending {
  readonly #suite: Suite;
  readonly #id: string;
  readonly #ratchet: Ratchet;
  readonly #begun = performance.now();
  #count = 0;

  private constructor(suite: Suite, id: string, chain: Secret) {
    this.#suite = suite;
    this.#id = id;
    this.#ratchet = new Ratchet(suite, chain);
  }

  /** `exchange`: gives a public key to the other service; what that answered. Throws what it throws; `Error`. */
  static async open(exchange: (publicKey: Uint8Array) => Promise<Uint8Array>): Promise<Sending> {
    const suite = await loadSuite();
    const kem = await loadKem(suite, "xwing");
    // What OpenSSL holds of the key may be old by the time of the answer, and only collecting everything erases it.
    const age = new Age();
    try {
      return await Sending.#agreed(suite, kem, exchange);
    } finally {
      await age.collect();
    }
  }

  /** Holds nothing of the key when it is done. */
  static async #agreed(
    suite: Suite,
    kem: Kem,
    exchange: (publicKey: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Sending> {
    const seed = suite.randomSecret(32);
    try {
      const { publicKey, decapsulate } = kem.key(seed);
      const answer = await exchange(publicKey);
      const chain = answer.length === ID_BYTES + ENC_BYTES ? decapsulate(answer.subarray(ID_BYTES)) : null;
      if (!chain) throw new Error("another service gave no answer");
      return new Sending(suite, Buffer.from(answer.subarray(0, ID_BYTES)).toString("hex"), chain);
    } finally {
      eraseSecret(seed);
    }
  }

  get isOld(): boolean {
    return performance.now() - this.#begun > CHANNEL_TIME;
  }

  get isClosed(): boolean {
    return this.#ratchet.isErased;
  }

  /** Throws `Error` where it is closed. */
  seal(...parts: readonly Uint8Array[]): Sealed {
    const key = this.#ratchet.next();
    const plaintext = joinSecret(...parts);
    try {
      const bytes = this.#suite.aeadSeal(key, NONCE, plaintext);
      return { name: `${this.#id}.${this.#count++}`, bytes };
    } finally {
      eraseSecret(key, plaintext);
    }
  }

  erase(): void {
    this.#ratchet.erase();
  }
}

interface Receiving {
  readonly ratchet: Ratchet;
  /** Of messages that are on their way, behind which others have come already. */
  readonly ahead: Map<number, Secret>;
  next: number;
}

/** The ends that receive, of all services that send. */
export class Channels {
  readonly #suite: Suite;
  readonly #kem: Kem;
  /** The one that was used last is the last. */
  readonly #channels = new Map<string, Receiving>();

  private constructor(suite: Suite, kem: Kem) {
    this.#suite = suite;
    this.#kem = kem;
  }

  static async open(): Promise<Channels> {
    const suite = await loadSuite();
    return new Channels(suite, await loadKem(suite, "xwing"));
  }

  /** Opens one for a public key that another service has drawn; what it needs. Throws `Problem`. */
  async accept(publicKey: Uint8Array): Promise<Buffer> {
    if (publicKey.length !== PUBLIC_KEY_BYTES || !isValidXWingRecipient(publicKey))
      throw new Problem("bad-request", "This is no key of another service.");
    const { enc, sharedSecret } = await this.#encapsulate(publicKey);
    const id = randomBytes(ID_BYTES);
    const ratchet = new Ratchet(this.#suite, sharedSecret);
    this.#channels.set(id.toString("hex"), { ratchet, ahead: new Map(), next: 0 });
    for (const [oldest] of this.#channels) {
      if (this.#channels.size <= MOST_CHANNELS) break;
      this.#drop(oldest);
    }
    return Buffer.concat([id, enc]);
  }

  async #encapsulate(publicKey: Uint8Array): Promise<ReturnType<Kem["encapsulate"]>> {
    const forget = this.#suite.forgetting();
    try {
      return this.#kem.encapsulate(publicKey);
    } finally {
      await forget();
    }
  }

  /** null where the channel is none, or has no such message any more. Throws `Problem` for what is none. */
  unseal({ name, bytes }: Sealed): Secret | null {
    const [, id = "", count] = /^([0-9a-f]{32})\.(\d{1,15})$/.exec(name) ?? [];
    const key = this.#keyOf(id, Number(count));
    if (!key) return null;
    try {
      const plaintext = this.#suite.aeadOpen(key, NONCE, bytes);
      if (plaintext) return plaintext;
    } finally {
      eraseSecret(key);
    }
    throw new Problem("bad-request", "This is no message of another service.");
  }

  #keyOf(id: string, count: number): Secret | null {
    const channel = this.#channels.get(id);
    if (!channel || count >= channel.next + MOST_AHEAD) return null;
    this.#channels.delete(id);
    this.#channels.set(id, channel);
    const { ratchet, ahead } = channel;
    while (channel.next <= count) ahead.set(channel.next++, ratchet.next());
    // Of the oldest, nothing comes any more.
    for (const [old, key] of ahead) {
      if (ahead.size <= MOST_AHEAD) break;
      eraseSecret(key);
      ahead.delete(old);
    }
    const key = ahead.get(count) ?? null;
    ahead.delete(count);
    return key;
  }

  #drop(id: string): void {
    const { ratchet, ahead } = this.#channels.get(id)!;
    ratchet.erase();
    eraseSecret(...ahead.values());
    this.#channels.delete(id);
  }
}
