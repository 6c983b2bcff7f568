// The directory that a service keeps: which inboxes there are, for whom, and where their parts lie.

import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SealError, sealBytes } from "seal";
import { codeOf, ioError, syncDirectory, writeNew } from "./files.js";
import { checkName, isName } from "./names.js";

/** What marks a directory as one of ours. */
const MARK = "seal-inbox.json";
const SETTINGS = "inbox.json";
const VERSION = 1;
const MAX_RECIPIENTS = 4096;

/** What an inbox is. Nothing of it is secret. */
export interface Settings {
  /** The label that its journal has. */
  readonly label: string;
  /** `seal1…`: for whom its journal is sealed. */
  readonly recipients: readonly string[];
  readonly created: string;
}

/** Where the parts of an inbox lie. */
export interface Place {
  readonly name: string;
  readonly path: string;
  readonly journal: string;
  readonly tokens: string;
  readonly keys: string;
}

/** Makes a directory for inboxes; one that is there must be empty. Throws `usage`, `io`. */
export async function initDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if ((await readdir(path)).length > 0) throw new SealError("usage", `${path} is not empty`);
    await mkdir(join(path, "inboxes"), { mode: 0o700 });
    await writeNew(join(path, MARK), `${JSON.stringify({ version: VERSION })}\n`);
  } catch (error) {
    throw error instanceof SealError ? error : ioError(`cannot make ${path}`, error);
  }
}

export class Directory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws `usage` where `path` is not what `initDirectory` made; `io`. */
  static async open(path: string): Promise<Directory> {
    const mark = await readJson(join(path, MARK), () => notOurs(path));
    if (mark.version !== VERSION) throw new SealError("usage", `${path} was made by another version of seal-inbox`);
    return new Directory(path);
  }

  place(name: string): Place {
    const path = join(this.path, "inboxes", name);
    return {
      name,
      path,
      journal: join(path, "journal.sealed"),
      tokens: join(path, "tokens"),
      keys: join(path, "keys"),
    };
  }

  /** Names of all inboxes, sorted. Throws `io`. */
  async list(): Promise<string[]> {
    const path = join(this.path, "inboxes");
    const names = await readdir(path).catch((error) => {
      throw ioError(`cannot read ${path}`, error);
    });
    return names.filter(isName).sort();
  }

  /** Throws `usage` where there is no such inbox; `io`. */
  async settings(name: string): Promise<Settings> {
    checkName("an inbox", name);
    const missing = () => new SealError("usage", `there is no inbox ${name}`, { hint: "See seal-inbox list." });
    const path = join(this.place(name).path, SETTINGS);
    const { version, label, recipients, created } = await readJson(path, missing);
    const isFit = version === VERSION && typeof label === "string" && Array.isArray(recipients);
    if (!isFit) throw new SealError("usage", `${path} is not the description of an inbox`);
    return { label, recipients, created: String(created) };
  }

  /** Adds an inbox: all of it, or nothing. Throws `usage`, `io`. */
  async add(name: string, { label, recipients }: Omit<Settings, "created">): Promise<Settings> {
    checkName("an inbox", name);
    await checkSealing(label, recipients);
    const settings = { label, recipients: [...new Set(recipients)], created: new Date().toISOString() };
    const { path } = this.place(name);
    const draft = join(this.path, "inboxes", `.new-${process.pid}-${Date.now()}`);
    try {
      await mkdir(join(draft, "tokens"), { recursive: true, mode: 0o700 });
      await mkdir(join(draft, "keys"), { mode: 0o700 });
      await writeNew(join(draft, SETTINGS), `${JSON.stringify({ version: VERSION, ...settings }, null, 2)}\n`);
      await rename(draft, path);
      await syncDirectory(join(this.path, "inboxes"));
      return settings;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (["EEXIST", "ENOTEMPTY"].includes(codeOf(error))) throw existsAlready(name);
      throw ioError(`cannot make ${path}`, error);
    }
  }
}

function existsAlready(name: string): SealError {
  return new SealError("usage", `there is an inbox ${name} already`);
}

function notOurs(path: string): SealError {
  return new SealError("usage", `${path} is no directory of seal-inbox`, {
    hint: "Name it with --dir, or make one: seal-inbox init DIR",
  });
}

/** Seals nothing for them: what is wrong with a key or the label shows now, not when the first record comes. Throws `usage`. */
async function checkSealing(label: string, recipients: readonly string[]): Promise<void> {
  if (recipients.length === 0) throw new SealError("usage", "an inbox is for somebody: name the recipients with --to");
  if (recipients.length > MAX_RECIPIENTS) throw new SealError("usage", `more than ${MAX_RECIPIENTS} recipients`);
  await sealBytes(new Uint8Array(), { to: recipients, unsigned: true, label });
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
