// How a service shows the others on a database who it is: where it listens and its certificate, signed by the key with
// which all of them sign journals. Who can write to the database cannot make one, nor read what goes to it.

import type { Identity, Signer } from "@sealed-files/seal";
import { givenSigner, headerSigner, loadSuite } from "@sealed-files/seal/internal";
import { endOf, hashOf } from "./certificate.js";

export interface Card {
  /** `HOST:PORT`. */
  readonly address: string;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
}

type Unsigned = Omit<Card, "signature">;

/** Throws what the signer throws. */
export async function signCard(card: Unsigned, sign: Identity | Signer): Promise<Card> {
  const signer = await headerSigner(givenSigner(sign, "sign"));
  return { ...card, signature: await signer.sign(messageOf(card)) };
}

/** Until when a card is good, in Unix milliseconds; null where it is not, or was never signed. */
export type CardChecker = (card: Card) => number | null;

/** Checks cards by the key of this service's own signer, and by its clock. Throws what the signer throws. */
export async function cardChecker(sign: Identity | Signer): Promise<CardChecker> {
  const { publicKey } = await headerSigner(givenSigner(sign, "sign"));
  const key = (await loadSuite()).checkedVerifyingKey(publicKey);
  return (card) => {
    const isSigned = key.verify(messageOf(card), Uint8Array.from(card.signature));
    return isSigned ? endOf(card.certificate, Date.now()) : null;
  };
}

/** As long as what is signed of a header, so that whoever signs these signs it too. */
function messageOf({ address, certificate }: Unsigned): Uint8Array<ArrayBuffer> {
  const hash = hashOf(Buffer.concat([hashOf(Buffer.from(address)), hashOf(certificate)]));
  return Uint8Array.from(Buffer.concat([Buffer.from("seal-inbox svc\0"), hash]));
}
