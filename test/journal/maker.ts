// Journals, good and bad, put together from the pure codec, part by part, independently of the writer.

import { type Bytes, concat } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { hpkeSeal } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { SigningKey } from "../../src/crypto/suite.js";
import { encodeBatch } from "../../src/format/batch.js";
import { encodeCore } from "../../src/format/core.js";
import { sealFrame } from "../../src/format/frame.js";
import { commitment, epochChain, headerMessage, recipientInfo } from "../../src/format/header.js";
import { encodeStanzas, STANZA_X25519, type Stanza } from "../../src/format/stanza.js";
import { Ratchet } from "../../src/journal/ratchet.js";
import type { JournalSource } from "../../src/journal/store.js";
import { NOW, recipient, sender } from "../files/samples.js";
import type { Person } from "../support.js";

export const ZERO = new Uint8Array(32);

export interface EpochPlan {
  readonly signer?: Person;
  readonly recipients?: readonly Uint8Array[];
  readonly label?: string;
  readonly exponent?: number;
  /** Unix seconds. */
  readonly sealedAt?: number;
  /** By default the chain value due. */
  readonly previous?: Bytes;
  /** Instead of those of the recipients. */
  readonly stanzas?: readonly Stanza[];
}

export interface Part {
  readonly is: "header" | "frame";
  readonly bytes: Bytes;
  /** The chain value after it. */
  readonly chain: Bytes;
}

function stanzasFor(recipients: readonly Uint8Array[], fileKey: Secret, coreHash: Uint8Array): Stanza[] {
  return recipients.map((publicKey) => {
    const { enc, ciphertext } = hpkeSeal(native, dhkem(native), publicKey, recipientInfo(coreHash), fileKey);
    return { type: STANZA_X25519, body: concat(enc, ciphertext) };
  });
}

/** A writer that keeps everything, and does what it is told. */
export class Maker {
  readonly parts: Part[] = [];
  readonly #signer: Person;
  #plan: EpochPlan;
  #chain: Bytes = ZERO;
  #coreHash: Bytes = ZERO;
  #recordKey = native.recordKey();
  #ratchet: Ratchet | null = null;
  #index = 0;

  constructor(plan: EpochPlan = {}) {
    this.#plan = plan;
    this.#signer = plan.signer ?? sender;
  }

  get chain(): Bytes {
    return this.#chain;
  }

  get end(): number {
    return this.parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  bytes(): Bytes {
    return concat(...this.parts.map(({ bytes }) => bytes));
  }

  epoch(plan: EpochPlan = {}): this {
    const {
      signer = this.#signer,
      recipients = [recipient.publicKey],
      label = "",
      ...all
    } = { ...this.#plan, ...plan };
    const fileKey = native.randomBytes(32);
    this.#recordKey = native.recordKey();
    const core = encodeCore({
      chunkExponent: all.exponent ?? 12,
      signer: signer.signingKey.publicKey,
      recordKey: this.#recordKey.publicKey,
      commitment: commitment(native, copySecret(fileKey)),
      sealedAt: all.sealedAt ?? NOW / 1000,
      label,
      previous: all.previous ?? this.#chain,
    });
    this.#coreHash = native.sha256(core);
    const stanzas = encodeStanzas(all.stanzas ?? stanzasFor(recipients, copySecret(fileKey), this.#coreHash));
    const signature = signer.signingKey.sign(headerMessage(native, core, stanzas));
    this.#ratchet = new Ratchet(native, copySecret(fileKey), this.#coreHash);
    this.#chain = epochChain(native, core, stanzas);
    this.#index = 0;
    this.parts.push({ is: "header", bytes: concat(core, stanzas, signature), chain: this.#chain });
    return this;
  }

  frame(records: readonly (string | Uint8Array)[], sealedAt = NOW): this {
    return this.batch(encodeBatch(sealedAt, records.map(bytesOf)));
  }

  /** A frame that holds any bytes. */
  batch(batch: Uint8Array, recordKey: SigningKey = this.#recordKey): this {
    const signing = { suite: native, recordKey, coreHash: this.#coreHash };
    const { frame, chain } = sealFrame(signing, this.#ratchet!.next(), this.#index, this.#chain, batch);
    this.#index += 1;
    this.#chain = chain;
    this.parts.push({ is: "frame", bytes: frame, chain });
    return this;
  }

  /** What a thief has who takes the writer's memory now: the epoch's next frame, once, behind any chain value. */
  stolen(): (chain: Uint8Array, records: readonly string[]) => Bytes {
    const signing = { suite: native, recordKey: this.#recordKey, coreHash: this.#coreHash };
    const [key, index] = [this.#ratchet!.next(), this.#index];
    return (chain, records) => sealFrame(signing, key, index, chain, encodeBatch(NOW, records.map(bytesOf))).frame;
  }
}

function bytesOf(record: string | Uint8Array): Uint8Array {
  return typeof record === "string" ? new TextEncoder().encode(record) : record;
}

/** Three epochs with 3, 0 and 2 frames; records `0` … `9`. */
export function sample(plan: EpochPlan = {}): Maker {
  const made = new Maker(plan);
  made.epoch().frame(["0"]).frame(["1", "2"]).frame(["3", "", "4"]);
  made.epoch();
  return made.epoch().frame(["5", "6", "7"]).frame(["8", "9"]);
}

/** The parts' bytes, one after the other. */
export function joined(parts: readonly Part[]): Bytes {
  return concat(...parts.map(({ bytes }) => bytes));
}

/** A journal in memory, which may be given other bytes. It counts what is read of it. */
export function memoryJournal(bytes: Uint8Array): JournalSource & { bytes: Uint8Array; read: number } {
  const source = {
    name: "the journal",
    bytes,
    read: 0,
    size: async () => source.bytes.length,
    readAt: async (position: number, length: number) => {
      const piece = source.bytes.slice(position, position + length);
      source.read += piece.length;
      return piece;
    },
    close: async () => {},
  };
  return source;
}
