// Who sends a request, by its bearer token. What a token allows is remembered for a second, so a revocation counts within one.

import type { Directory } from "../store/directory.js";
import { isName } from "../store/names.js";
import { findGrant, type Grant, hashToken } from "../store/tokens.js";
import { Bucket } from "./bucket.js";

/** Milliseconds. */
const REMEMBERED = 1000;
/** Tokens that are remembered at a time. */
const MOST = 10_000;
const BEARER = /^bearer +([A-Za-z0-9._~+/-]{1,256}=*)$/i;

export interface Bearer {
  readonly grant: Grant;
  readonly bucket: Bucket;
}

interface Remembered extends Bearer {
  checked: number;
}

export class Bearers {
  readonly #directory: Directory;
  readonly #rate: number;
  /** By inbox and hash; the one that was used last is the last. */
  readonly #known = new Map<string, Remembered>();

  /** `rate`: requests a second of each token. */
  constructor(directory: Directory, rate: number) {
    this.#directory = directory;
    this.#rate = rate;
  }

  /** null where the header holds no token that is valid in this inbox, or there is no such inbox. Throws `io`. */
  async find(inbox: string, header: string | undefined): Promise<Bearer | null> {
    const token = BEARER.exec(header ?? "")?.[1];
    if (token === undefined || !isName(inbox)) return null;
    const digest = hashToken(token);
    const key = `${inbox}/${digest}`;
    const known = this.#known.get(key);
    const now = performance.now();
    if (known && now - known.checked < REMEMBERED) return known;
    const grant = await findGrant(this.#directory.place(inbox), digest);
    // Requests that come at the same moment share one bucket: whichever got here first has made it.
    const bucket = this.#known.get(key)?.bucket ?? new Bucket(this.#rate, now);
    this.#known.delete(key);
    if (!grant) return null;
    const bearer = { grant, bucket, checked: now };
    this.#known.set(key, bearer);
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value!);
    return bearer;
  }
}
