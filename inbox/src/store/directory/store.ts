// The directory that a service keeps: which inboxes there are, and for whom.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Buried, breakLock, type Held, holdLock, SealError } from "@sealed-files/seal";
import { asIoError, ioError, syncDirectory } from "@sealed-files/seal/internal";
import { codeOf } from "../../codes.js";
import { checkName, isName } from "../names.js";
import {
  changedSettings,
  type Given,
  inboxExists,
  newSettings,
  noInbox,
  parseSettings,
  type Settings,
} from "../settings.js";
import type { InboxStore, Moment } from "../store.js";
import { endGrants } from "../tokens.js";
import { locked, probe, replaceText, writeNew } from "./files.js";
import { DirectoryPlace } from "./place.js";
import { TextFile } from "./text.js";
import { timeOf } from "./time.js";

/** What marks a directory as one of ours. A service that works on the directory locks it. */
const MARK = "seal-inbox.json";
const SETTINGS = "inbox.json";
/** What its settings are called once it was removed. */
const REMOVED = "removed.json";
const VERSION = 1;

/** Makes a directory for inboxes; one that is there must be empty. Throws `usage`, `io`. */
export async function initDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if ((await readdir(path)).length > 0) throw new SealError("usage", `${path} is not empty`);
    await mkdir(join(path, "inboxes"), { mode: 0o700 });
    await writeNew(join(path, MARK), `${JSON.stringify({ version: VERSION })}\n`);
  } catch (error) {
    throw asIoError(`cannot make ${path}`, error);
  }
}

export class Directory implements InboxStore {
  readonly path: string;
  readonly leases = null;
  readonly #clock: TextFile;

  private constructor(path: string) {
    this.path = path;
    this.#clock = new TextFile(join(path, "clock.json"));
  }

  /** Throws `usage` where `path` is not what `initDirectory` made; `io`. */
  static async open(path: string): Promise<Directory> {
    const mark = await readJson(join(path, MARK), () => notOurs(path));
    if (mark.version !== VERSION) throw new SealError("usage", `${path} was made by another version of seal-inbox`);
    return new Directory(path);
  }

  get name(): string {
    return this.path;
  }

  hold(note: (text: string) => void): Promise<Held> {
    const { path } = this;
    return holdLock(join(path, MARK), { name: path, inUse: `${path} is in use by another service`, note });
  }

  /** Breaks the lock of a service that is gone; what it was. Throws `io` where it lives. */
  breakLock(note: (text: string) => void): Promise<readonly Buried[]> {
    const { path } = this;
    return breakLock(join(path, MARK), { name: path, inUse: `${path} is in use by a running service`, note });
  }

  probe(): Promise<void> {
    return probe(this.path);
  }

  async close(): Promise<void> {}

  place(name: string): DirectoryPlace {
    return new DirectoryPlace(join(this.path, "inboxes", name), name);
  }

  async list(): Promise<string[]> {
    const path = join(this.path, "inboxes");
    const names = await readdir(path).catch((error) => {
      throw ioError(`cannot read ${path}`, error);
    });
    return names.filter((name) => isName(name) && !existsSync(join(path, name, REMOVED))).sort();
  }

  async settings(name: string): Promise<Settings> {
    checkName("an inbox", name);
    const path = join(this.place(name).path, SETTINGS);
    const { version, ...stored } = await readJson(path, () => noInbox(name));
    const settings = version === VERSION ? parseSettings(stored) : null;
    if (settings) return settings;
    throw new SealError("usage", `${path} is not the description of an inbox`);
  }

  async remove(name: string): Promise<void> {
    checkName("an inbox", name);
    const { path, tokens } = this.place(name);
    const isRemoved = existsSync(join(path, REMOVED));
    if (!isRemoved) await this.settings(name);
    await endGrants({ name, tokens });
    try {
      if (!isRemoved) await rename(join(path, SETTINGS), join(path, REMOVED));
      await syncDirectory(path);
      const rest = (await readdir(path)).filter((entry) => entry !== REMOVED && entry !== "tokens");
      for (const entry of rest) await rm(join(path, entry), { recursive: true, force: true });
      await syncDirectory(path);
    } catch (error) {
      throw ioError(`cannot remove ${path}`, error);
    }
  }

  time(): Promise<Moment> {
    return timeOf(this.#clock);
  }

  async add(name: string, given: Given): Promise<Settings> {
    const settings = await newSettings(name, given);
    const { path } = this.place(name);
    const draft = join(this.path, "inboxes", `.new-${process.pid}-${Date.now()}`);
    try {
      await mkdir(join(draft, "tokens"), { recursive: true, mode: 0o700 });
      await mkdir(join(draft, "keys"), { mode: 0o700 });
      await writeNew(join(draft, SETTINGS), textOf(settings));
      await rename(draft, path);
      await syncDirectory(join(this.path, "inboxes"));
      return settings;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (["EEXIST", "ENOTEMPTY"].includes(codeOf(error))) throw inboxExists(name);
      throw ioError(`cannot make ${path}`, error);
    }
  }
  async change(name: string, work: (settings: Settings) => Settings): Promise<Settings> {
    await this.settings(name);
    const path = join(this.place(name).path, SETTINGS);
    return locked(path, async () => {
      const settings = await changedSettings(await this.settings(name), work);
      await replaceText(path, textOf(settings)).catch((error) => {
        throw ioError(`cannot write ${path}`, error);
      });
      return settings;
    });
  }
}

function textOf(settings: Settings): string {
  return `${JSON.stringify({ version: VERSION, ...settings }, null, 2)}\n`;
}

function notOurs(path: string): SealError {
  return new SealError("usage", `${path} is no directory of seal-inbox`, {
    hint: "Name another directory, or make this one with init.",
  });
}

async function readJson(path: string, missing: () => SealError): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw ["ENOENT", "ENOTDIR"].includes(codeOf(error)) ? missing() : ioError(`cannot read ${path}`, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object") return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new SealError("usage", `${path} is damaged: it is not JSON`);
}
