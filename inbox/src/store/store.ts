// What the service and the commands know of where inboxes are kept. A directory and a database stand behind it, and
// test/store/contract.ts holds each to what is said here.

import type { Readable } from "node:stream";
import type { Held, JournalFile, JournalSource, JournalStore } from "@sealed-files/seal";
import type { AgeClock } from "../idempotency/age.js";
import type { Stands } from "../idempotency/stands.js";
import type { Answered, FramePlace } from "../idempotency/unit.js";
import type { Card } from "../peers/card.js";
import type { Given, Settings } from "./settings.js";

export interface InboxStore {
  /** What reports and errors call it. It holds no password. */
  readonly name: string;
  /** Names of all inboxes, sorted. Throws `io`. */
  list(): Promise<string[]>;
  /** Throws `usage` where there is no such inbox; `io`. */
  settings(name: string): Promise<Settings>;
  /** Adds an inbox: all of it, or nothing. Throws `usage`, also where there is one of that name; `io`. */
  add(name: string, given: Given): Promise<Settings>;
  /**
   * Changes the settings, but for the label: of two who do so at a time, the later one goes on from what the first has
   * made of them. Throws `usage` where nothing could be sealed with them, or there is no such inbox; what `work`
   * throws; `io`.
   */
  change(name: string, work: (settings: Settings) => Settings): Promise<Settings>;
  /**
   * Removes an inbox for good: its journal, and all that belongs to it, but for its tokens, which say from then on that
   * it is gone; and its name, which no other gets. It can be done again where it was interrupted. Throws `usage` where
   * there never was one; `io`.
   */
  remove(name: string): Promise<void>;
  /** What time it is. Throws `io`. */
  time(): Promise<Moment>;
  /** null where one service alone uses the store at a time. */
  readonly leases: Leases | null;
  /** Where an inbox of that name has its parts, whether or not there is one. */
  place(name: string): Place;
  /** What a service holds while it runs. Throws `io` where only one may, and another does. */
  hold(note: (text: string) => void): Promise<Pick<Held, "release">>;
  /** Throws `io` where nothing can be written at present. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Two clocks must agree before anything is removed for its age: one that can be set, and one that nobody sets. */
export interface Moment {
  /** Unix milliseconds, by the clock of the machine, or of the database. */
  readonly wall: number;
  /** Milliseconds for which the store has been in use, as far as is known: never more than have passed. */
  readonly age: number;
}

/**
 * Which service has which inbox open, in a store that several share. It is for the others to know; what keeps two from
 * writing to one journal is the term.
 */
export interface Leases {
  /** Takes an inbox for a few seconds, whoever has it. Throws `io`. */
  take(inbox: string): Promise<void>;
  /** Those that no other has are this service's for a few seconds more. Throws `io`. */
  renew(inboxes: readonly string[]): Promise<void>;
  /** Throws `io`. */
  release(inbox: string): Promise<void>;
  /** Whether another service has it now. Throws `io`. */
  isOthers(inbox: string): Promise<boolean>;
  /**
   * Who of the others has it now, if it has shown its card. Whether that is genuine is to be found out. Throws `io`.
   */
  ownerOf(inbox: string): Promise<Card | null>;
  /** The cards of all services, of which some may have ended seconds ago. Throws `io`. */
  services(): Promise<readonly Card[]>;
  /** Shows this service's card to the others, for a few seconds. Throws `io`. */
  publish(card: Card): Promise<void>;
  /** Throws `io`. */
  withdraw(): Promise<void>;
}

/** A text that is replaced as a whole. */
export interface TextStore {
  /** No other text of a store that this process uses has it. */
  readonly name: string;
  /** null where there is none. Throws `io`. */
  get(): Promise<string | null>;
  /** Puts `text` in the place of `before`, durably; false where something else is there by now. Throws `io`. */
  swap(before: string | null, text: string): Promise<boolean>;
}

/** The parts of an inbox. */
export interface Place {
  readonly name: string;
  /** What reports and errors call its journal. */
  readonly journal: string;
  readonly tokens: TokenStore;
  /** What its readers have acknowledged, and since when. */
  readonly ledger: TextStore;
  /**
   * Whether all that is found of the journal is durable, and ends with a whole frame, whoever writes it: then reading
   * it needs no writer.
   */
  readonly isAlwaysWhole: boolean;
  /** The journal for its writer, who closes it. Throws `io`. */
  writing(): Promise<JournalFile | JournalStore>;
  /** The journal for a reader, who closes it. Throws `io`, also where there is none yet. */
  reading(): Promise<JournalReading>;
  /** Its idempotency keys, for the journal's writer. `slice`: milliseconds of keys that are forgotten together. */
  keys(slice: number, clock: AgeClock): KeyStore;
  /** Throws `io` where nothing more can be written behind so many bytes of the journal at present. */
  probe(position: number): Promise<void>;
}

export interface JournalReading extends Omit<JournalSource, "changed"> {
  /** Bytes that are durable: what is written meanwhile is not among them. Throws `io`. */
  flushed(): Promise<number>;
  /** Bytes from `start` up to `end`, which are there, in pieces. It closes nothing. */
  stream(start: number, end: number): Readable;
}

/** What is stored of a token under its hash, which is 64 hexadecimal digits. */
export interface TokenStore {
  /** Durable when it is done. Throws `io`. */
  put(hash: string, text: string): Promise<void>;
  /**
   * null where there is none, or no such inbox. `isStrange`: it may be anybody's guess; however many of these are asked
   * for at a time, nothing else waits for them. Throws `io`.
   */
  get(hash: string, isStrange?: boolean): Promise<string | null>;
  /** Throws `io`. */
  hashes(): Promise<string[]>;
  /** Durable when it is done. Throws `io`. */
  remove(hash: string): Promise<void>;
  /** Puts another text in the place of one that is there. Durable when it is done. Throws `io`. */
  replace(hash: string, text: string): Promise<void>;
}

/** Of a frame whose keys were announced: what has become of it is told with this. */
export type Announced = object;

/** The idempotency keys of an inbox, which its journal's writer alone changes. */
export interface KeyStore {
  /**
   * Tells of everything that was answered by frames which stand in the journal. The clock goes on from where it was
   * before anything is found. Throws `io`; `tampered` where what is kept is damaged, or older than the journal.
   */
  load(stands: Stands, found: (age: number, answered: Answered, frame: FramePlace) => void): Promise<void>;
  /** Takes them for this process: one that had them before writes where nobody reads. Throws `io`. */
  own(): Promise<void>;
  /**
   * The frame that is about to be written has these requests: they are durable with it, or before it. Throws `io`: then
   * the frame must not be written.
   */
  announce(frame: FramePlace, entries: readonly Answered[]): Promise<Announced>;
  /** Notes what has become of a frame. */
  settle(announced: Announced, stands: boolean): void;
  /** Removes what is older than `age`. Throws `io`. */
  forget(age: number): Promise<void>;
  /**
   * `isClean`: the writer has ended well, so what failed is not in the journal. Throws `io`.
   */
  close(isClean: boolean): Promise<void>;
}
