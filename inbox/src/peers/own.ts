// This service's own card: made anew every few hours, so that whoever has taken one of them, with its key, out of a
// service's memory has little time.

import { createSecureContext, type SecureContext } from "node:tls";
import type { Identity, Signer } from "@sealed-files/seal";
import { type Card, signCard } from "./card.js";
import { endOf, hashOf, makeCertificate, pemOf } from "./certificate.js";

/** Milliseconds after which another one is made. */
const RENEWAL = 6 * 3_600_000;
/**
 * A clock that goes back by more was wrong when the card was made. For so long, one that others could not be told of is
 * good enough to be told again: each takes memory until it ends.
 */
const BACK = 600_000;

/** PEM. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
}

/** A card that was made, and what shows it. */
export interface Made {
  readonly card: Card;
  readonly shown: Shown;
  /** Unix milliseconds. */
  readonly made: number;
}

export class OwnCard {
  readonly #sign: Identity | Signer;
  readonly #address: string;
  #newest: Made;
  /** One that was made and is not used yet: others may know of it, or not. */
  #next: Made | null = null;
  /** By the name under which they are asked for: those whose ends have not come. */
  readonly #contexts = new Map<string, { readonly context: SecureContext; readonly certificate: Uint8Array }>();

  private constructor(sign: Identity | Signer, address: string, newest: Made) {
    this.#sign = sign;
    this.#address = address;
    this.#newest = newest;
    this.#offer(newest);
  }

  /** Throws what the signer throws. */
  static async make(sign: Identity | Signer, address: string): Promise<OwnCard> {
    return new OwnCard(sign, address, await made(sign, address));
  }

  get card(): Card {
    return this.#newest.card;
  }

  get shown(): Shown {
    return this.#newest.shown;
  }

  get isDue(): boolean {
    const age = Date.now() - this.#newest.made;
    return age >= RENEWAL || age < -BACK;
  }

  /**
   * Another one, to be used when others can know of it; the same again for a while, until it is. Throws what the signer
   * throws.
   */
  async next(): Promise<Made> {
    const before = this.#next;
    if (before && Math.abs(Date.now() - before.made) <= BACK) return before;
    const next = await made(this.#sign, this.#address);
    // Whoever learns of it may ask for it at once.
    this.#offer(next);
    this.#next = next;
    return next;
  }

  use(next: Made): void {
    this.#newest = next;
    this.#next = null;
  }

  /** What shows the certificate that is asked for by this name; undefined where it is none, or over. */
  contextOf(name: string): SecureContext | undefined {
    return this.#contexts.get(name)?.context;
  }

  #offer({ card: { certificate }, shown }: Made): void {
    for (const [name, old] of this.#contexts)
      if (endOf(old.certificate, Date.now()) === null) this.#contexts.delete(name);
    this.#contexts.set(nameOf(certificate), { context: createSecureContext({ ...shown, ...TLS }), certificate });
  }
}

export const TLS = { minVersion: "TLSv1.3" } as const;

/** By which a service is asked for one of its certificates: it has several for a while. */
export function nameOf(certificate: Uint8Array): string {
  return `${hashOf(certificate).toString("hex").slice(0, 32)}.seal-inbox`;
}

async function made(sign: Identity | Signer, address: string): Promise<Made> {
  const now = Date.now();
  const { bytes, key } = makeCertificate(now);
  const shown = { cert: pemOf(bytes), key: key.export({ type: "pkcs8", format: "pem" }) as string };
  return { card: await signCard({ address, certificate: bytes }, sign), shown, made: now };
}
