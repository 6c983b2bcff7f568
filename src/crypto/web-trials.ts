// Signatures on which verifications differ, by which a browser's is tried before it is relied on (docs/FORMAT.md,
// "Signatures"). They were made with known secrets, as forgers with their own keys can make them.

import { fromHex, utf8 } from "../bytes.js";

export interface Trial {
  readonly what: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly accepted: boolean;
}

/** A key of prime order, and the same with a part of order 8. */
const KEY = "88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488";
const MIXED = "ef2a32ce8d9c67056724a53f63c0c182a6e021dc6e708741f63a7d50c730982c";
const R = "3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a";

function trial(what: string, key: string, number: string, signature: string, accepted: boolean): Trial {
  const message = Uint8Array.of(...utf8("seal.v1 trial"), ...fromHex(number));
  return { what, publicKey: fromHex(key), message, signature: fromHex(signature), accepted };
}

export const TRIALS: readonly Trial[] = [
  trial("a signature", KEY, "", `${R}f4050990e75edcf3136ea1fe834cb35c61153a1b190ed5e4b77c34c85249aa0a`, true),
  trial("S not reduced", KEY, "", `${R}e1d9feec01c2ee4bea0a99a16246927161153a1b190ed5e4b77c34c85249aa1a`, false),
  trial(
    "right but for a part of order 8 in R",
    KEY,
    "",
    "607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159" +
      "d9bf899aa3ca407998d188736e1253812ef4e4977326e23968cfcd5c10ec250d",
    false,
  ),
  trial(
    "R is the identity, in an encoding that is not canonical",
    KEY,
    "",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" +
      "3eceb201f39824d464e03175110a30b2e0b26ae109ec8dced57da426085d760d",
    false,
  ),
  trial(
    "R is the identity, its x = 0 with a sign",
    "7a27f9144d89e181a572ae84ea6be69ffb3c10632481b0630a7c2b990f34edba",
    "",
    "0100000000000000000000000000000000000000000000000000000000000080" +
      "94591e21ace95ed6c4efbdd5daa310a2a00df9dbf2b7989f62dfe09d39d3550b",
    false,
  ),
  trial(
    "R is the point of order 2, its x = 0 with a sign",
    "73d806ebb2761e7e5a8d517b1594196004c3ef9cdb7e4f9cf583d466f0cb1245",
    "",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
      "553ae41614147efe70858900246479a6c4e701c6557c65801df7256be73e3702",
    false,
  ),
  trial(
    "right only where k is not reduced",
    MIXED,
    "1d00",
    `${R}ad24c4553d12cc8bb2a9b9d900e0f52c8e79791c88fa28d3c48c42aa92045a0c`,
    false,
  ),
  trial(
    "right only where k is reduced",
    MIXED,
    "0a00",
    `${R}016258f23cb00a6d1c077da0dd9cf8eafc29d1dbcf69c3bdea4ab3f411a9660a`,
    true,
  ),
];
