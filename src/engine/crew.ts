// The threads of a pool, and who of them does what.

import { setImmediate as turn } from "node:timers/promises";
import { Member, startMember } from "./member.js";
import type { Thread } from "./thread.js";

/** A worker with one task fewer would wait until this thread gives it one. */
const TASKS_AT_HAND = 2;

/** Who is there to work. */
export class Crew {
  readonly #most: number;
  readonly #helps: boolean;
  #members: Member[] = [];
  #here = 0;
  #started: Thread | null;

  /** `most`: workers. `helps`, `started`: as of PoolOptions. */
  constructor(most: number, helps: boolean, started: Thread | null) {
    this.#most = most;
    this.#helps = helps;
    this.#started = started;
  }

  /** How many threads it may have. */
  get size(): number {
    return this.#most + (this.#helps ? 1 : 0);
  }

  /**
   * How many tasks are worth having in flight: of each thread, one at work and one at hand, so that none stands still
   * until this one gets a core to answer on. `here`: of the calling one, where it helps.
   */
  width(here = TASKS_AT_HAND): number {
    const others = this.#helps ? this.#members.filter(isAtWork).length : this.#most;
    return TASKS_AT_HAND * others + (this.#helps ? here : 0);
  }

  /**
   * Does a task: `by` another thread, or `here`. The calling one looks again when it is its turn, as others may have
   * come to their end meanwhile. Without `by`, only the calling one can. `isNearEnd`: hardly more tasks follow than
   * there are threads, so that none is to have one at hand.
   */
  async do<T>(
    suite: string,
    by: ((member: Member) => Promise<T>) | null,
    here: () => T | Promise<T>,
    isNearEnd = false,
  ): Promise<T> {
    const member = by && (this.#helps ? this.#ready(suite, isNearEnd ? 1 : TASKS_AT_HAND) : this.#least(suite));
    if (member) return by(member);
    let idle: Member | undefined;
    this.#here += 1;
    try {
      await turn();
      idle = by ? this.#members.find((each) => isAtWork(each) && each.load === 0) : undefined;
      if (!idle) return await here();
    } finally {
      this.#here -= 1;
    }
    return by!(idle);
  }

  start(suite: string): void {
    while (this.#members.length < this.#most && this.#another(suite));
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
    this.#members = [];
  }

  #another(suite: string): Member | null {
    const started = suite === "native" ? this.#started : null;
    this.#started = null;
    const member = started ? new Member(started) : startMember(suite);
    if (member) this.#members.push(member);
    return member;
  }

  /** The worker with the least to do; a further one is started only where all are busy. */
  #least(suite: string): Member | null {
    if (this.#members.some(({ dead }) => dead)) this.#members = [];
    const idlest = leastOf(this.#members);
    if (idlest && (idlest.load === 0 || this.#members.length === this.#most)) return idlest;
    return this.#another(suite) ?? idlest;
  }

  /** As `#least`, of those that have started; what they have no time for is done here. Who cannot start stays. */
  #ready(suite: string, most: number): Member | null {
    this.#members = this.#members.filter(({ dead, ready }) => !(dead && ready));
    const idlest = leastOf(this.#members.filter(isAtWork));
    if ((!idlest || idlest.load > 0) && this.#members.length < this.#most) this.#another(suite);
    return idlest && (idlest.load < most || this.#here > 0) ? idlest : null;
  }
}

const isAtWork = ({ dead, ready }: Member) => ready && !dead;

function leastOf(members: readonly Member[]): Member | null {
  return members.reduce<Member | null>((best, next) => (best && best.load <= next.load ? best : next), null);
}
