// Who sends a request, by its bearer token. What a token allows is remembered for a second, so a revocation counts
// within one.

import { Problem } from "../problem.js";
import { isName } from "../store/names.js";
import type { InboxStore } from "../store/store.js";
import { findGrant, type Grant, hashToken, type Way } from "../store/tokens.js";
import { Bucket } from "./bucket.js";

/** Milliseconds. */
const REMEMBERED = 1000;
/** Tokens that are remembered at a time. */
const MOST = 10_000;
/** Tokens that are not remembered, and may be guesses: so many are looked up at a time, or wait for it. */
const MOST_STRANGE = 64;
const BEARER = /^bearer +(\S+)$/i;
const TOKEN = /^[A-Za-z0-9._~+/-]{1,256}=*$/;

export interface Bearer {
  readonly grant: Grant;
  readonly bucket: Bucket;
}

interface Remembered extends Bearer {
  checked: number;
}

/** A token that is being looked up, and since when. */
interface Asking {
  readonly began: number;
  readonly grant: Promise<Grant | null>;
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
  readonly #asking = new Map<string, Asking>();
  #strange = 0;

  /** `rate`: requests a second of each token. */
  constructor(store: InboxStore, rate: number) {
    this.#store = store;
    this.#rate = rate;
  }

  /**
   * null where it is no token that is valid in this inbox when it comes so, or there is no such inbox. Throws `io`;
   * `Problem` where too many are looked up already of which nobody knows whether they are any.
   */
  async find(inbox: string, token: string | null, way: Way): Promise<Bearer | null> {
    if (token === null || !TOKEN.test(token) || !isName(inbox)) return null;
    const digest = hashToken(token, way);
    const key = `${inbox}/${digest}`;
    const known = this.#known.get(key);
    const now = performance.now();
    if (known && now - known.checked < REMEMBERED) return known;
    const asking = this.#asking.get(key);
    const { began, grant: asked } = asking && now - asking.began < REMEMBERED ? asking : this.#ask(inbox, digest, now);
    const grant = await asked;
    // Requests that come at the same moment share one bucket: whichever got here first has made it.
    const bucket = this.#known.get(key)?.bucket ?? new Bucket(this.#rate, now);
    this.#known.delete(key);
    if (!grant) return null;
    const bearer = { grant, bucket, checked: began };
    this.#known.set(key, bearer);
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value!);
    return bearer;
  }

  /** Looks a token up; who asks for the same one meanwhile shares the answer. Throws `Problem`. */
  #ask(inbox: string, digest: string, now: number): Asking {
    const key = `${inbox}/${digest}`;
    const isStrange = !this.#known.has(key);
    if (isStrange && this.#strange >= MOST_STRANGE)
      throw new Problem("busy", "Many unknown tokens are being looked up. Try again in a moment.", { retryAfter: 1 });
    if (isStrange) this.#strange++;
    const grant = findGrant(this.#store.place(inbox), digest, isStrange).finally(() => {
      if (isStrange) this.#strange--;
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    });
    const asking = { began: now, grant };
    this.#asking.set(key, asking);
    return asking;
  }
}
