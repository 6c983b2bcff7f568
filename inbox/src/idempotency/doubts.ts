// Requests that failed when their frame may have been written: the journal is asked for them once its writer knows what
// stands, before it writes another frame.

import type { Announced, KeyStore } from "../store/store.js";
import type { SealedFrame } from "../writer.js";
import type { KeyedRequest } from "./request.js";
import type { Stands } from "./stands.js";
import { copyOfPlace, type FramePlace } from "./unit.js";

/** What goes with each append, to where its frame is sealed. */
export interface Tag {
  readonly request: KeyedRequest | null;
  frame: FramePlace | null;
  announced: Announced | null;
}

/** Before a frame is written: the keys in it become durable, with its place in the journal. Throws `io`. */
export async function announce(log: KeyStore, { tags, ...frame }: SealedFrame): Promise<void> {
  const place = copyOfPlace(frame);
  const entries = (tags as readonly Tag[]).flatMap(({ request }) => request ?? []);
  const announced = entries.length > 0 ? await log.announce(place, entries) : null;
  for (const tag of tags as readonly Tag[]) {
    tag.frame = place;
    if (tag.request) tag.announced = announced;
  }
}

export class Doubts {
  readonly #stands: Stands;
  readonly #log: KeyStore;
  readonly #tags = new Set<Tag>();

  constructor(stands: Stands, log: KeyStore) {
    this.#stands = stands;
    this.#log = log;
  }

  /** Of a request that failed; only one whose keys were announced can be in doubt. */
  add(tag: Tag): void {
    if (tag.announced) this.#tags.add(tag);
  }

  /** Asks the journal for each, and tells of those whose frame stands. Throws `io`. */
  async settle(done: (request: KeyedRequest, frame: FramePlace) => void): Promise<void> {
    for (const tag of this.#tags) {
      const isThere = await this.#stands(tag.frame!, false);
      this.#log.settle(tag.announced!, isThere);
      if (isThere) done(tag.request!, tag.frame!);
      this.#tags.delete(tag);
    }
  }
}
