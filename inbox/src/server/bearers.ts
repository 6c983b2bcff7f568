// Who sends a request, by its bearer token. What a token allows is remembered for a second, so a revocation counts
// within one.

import { isName } from "../store/names.js";
import type { InboxStore } from "../store/store.js";
import { findGrant, type Grant, hashToken, type Way } from "../store/tokens.js";
import { Bucket } from "./bucket.js";

/** Milliseconds. */
const REMEMBERED = 1000;
/** Tokens that are remembered at a time. */
const MOST = 10_000;
const BEARER = /^bearer +(\S+)$/i;
const TOKEN = /^[A-Za-z0-9._~+/-]{1,256}=*$/;

export interface Bearer {
  readonly grant: Grant;
  readonly bucket: Bucket;
}

interface Remembered extends Bearer {
  checked: number;
}

/** What a header holds. */
export function bearerToken(header: string | undefined): string | null {
  return BEARER.exec(header ?? "")?.[1] ?? null;
}

export class Bearers {
  readonly #store: InboxStore;
  readonly #rate: number;
  /** By inbox and hash; the one that was used last is the last. */
  readonly #known = new Map<string, Remembered>();

  /** `rate`: requests a second of each token. */
  constructor(store: InboxStore, rate: number) {
    this.#store = store;
    this.#rate = rate;
  }

  /** null where it is no token that is valid in this inbox when it comes so, or there is no such inbox. Throws `io`. */
  async find(inbox: string, token: string | null, way: Way): Promise<Bearer | null> {
    if (token === null || !TOKEN.test(token) || !isName(inbox)) return null;
    const digest = hashToken(token, way);
    const key = `${inbox}/${digest}`;
    const known = this.#known.get(key);
    const now = performance.now();
    if (known && now - known.checked < REMEMBERED) return known;
    const grant = await findGrant(this.#store.place(inbox), digest);
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
