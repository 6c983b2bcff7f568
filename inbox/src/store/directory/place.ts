// Where the parts of an inbox lie in a directory.

import { join } from "node:path";
import type { JournalFile } from "@sealed-files/seal";
import type { AgeClock } from "../../idempotency/age.js";
import type { JournalReading, KeyStore, Place } from "../store.js";
import { probe } from "./files.js";
import { KeyLog, type KeyPlace } from "./key-log.js";
import { openReading } from "./reading.js";
import { TextFile } from "./text.js";
import { TokenFiles } from "./tokens.js";

export class DirectoryPlace implements Place {
  readonly name: string;
  readonly path: string;
  readonly journal: string;
  readonly tokens: TokenFiles;
  readonly ledger: TextFile;
  /** A crash may leave a part of a frame behind, and what is not flushed may go. */
  readonly isAlwaysWhole = false;
  readonly #keys: KeyPlace;

  constructor(path: string, name: string) {
    this.name = name;
    this.path = path;
    this.journal = join(path, "journal.sealed");
    this.tokens = new TokenFiles(join(path, "tokens"));
    this.ledger = new TextFile(join(path, "readers.json"));
    this.#keys = { keys: join(path, "keys"), newestKey: join(path, "newest-key") };
  }

  async writing(): Promise<JournalFile> {
    return { path: this.journal };
  }

  reading(): Promise<JournalReading> {
    return openReading(this.journal);
  }

  keys(slice: number, clock: AgeClock): KeyStore {
    return new KeyLog(this.#keys, slice, clock);
  }

  probe(position: number): Promise<void> {
    return probe(this.path, position);
  }
}
