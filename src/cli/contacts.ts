// The contacts file: reading it, and changing it so that nobody's change is lost.

import { lstat, realpath, stat } from "node:fs/promises";
import { utf8 } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import { locked } from "../io/lock.js";
import { openOutput } from "../io/output.js";
import { type Contacts, NO_CONTACTS, parseContacts } from "../keys/contacts.js";
import { committing } from "../ops/io.js";
import { defaultContactsPath, makeConfigDirectory } from "./places.js";
import { about, readText } from "./read.js";

const MAX_CONTACTS_FILE = 16 * 1024 * 1024;

const HEADING = `# seal contacts: what "seal contacts" writes, and what may be edited by hand
#   NAME KEY [sender | superseded TIME | revoked TIME REASON]
#   @GROUP NAME…
`;

/**
 * The contacts of the file that `--contacts` names, which must exist, or of the default one, which need not.
 * Throws `io` for a file that cannot be read, `usage` for one that cannot be understood.
 */
export async function loadContacts(named: string | undefined, signal: AbortSignal): Promise<Contacts> {
  if (named === "-") throw new SealError("usage", "--contacts takes the path of a file");
  const path = named ?? defaultContactsPath();
  if (named === undefined && !(await exists(path))) return NO_CONTACTS;
  return about(`contacts ${path}`, async () => parseContacts(await readText(path, signal, MAX_CONTACTS_FILE)));
}

/** A dangling link is not nothing. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw ioError(`cannot read contacts ${path}`, error);
  }
}

/**
 * Changes the contacts file by `edit`, alone and in one step; the contacts before and after. With `create` the file need not exist.
 * Throws `usage`, `io`.
 */
export async function editContacts(
  named: string | undefined,
  create: boolean,
  signal: AbortSignal,
  edit: (contacts: Contacts) => Contacts,
): Promise<Contacts> {
  if (named === "-") throw new SealError("usage", "--contacts takes the path of a file");
  if (named === undefined) await makeConfigDirectory();
  const given = named ?? defaultContactsPath();
  // What a link points at is changed, and locked, not the link.
  const path = (await exists(given)) ? await realPath(given) : given;
  return locked(path, signal, async () => {
    const isNew = !(await exists(path));
    const before = isNew && create ? parseContacts(HEADING) : await loadContacts(isNew ? named : path, signal);
    const after = edit(before);
    signal.throwIfAborted();
    if (after.format() !== before.format()) await replace(path, after.format());
    return after;
  });
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw ioError(`cannot read contacts ${path}`, error);
  }
}

async function replace(path: string, text: string): Promise<void> {
  const mode = (await exists(path)) ? await modeOf(path) : undefined;
  const sink = await openOutput(path, { force: true, mode });
  await committing(sink, () => sink.write(utf8(text), 0));
}

/** Throws `io`, also for what is no regular file. */
async function modeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error) => {
    throw ioError(`cannot read contacts ${path}`, error);
  });
  if (!found.isFile()) throw new SealError("io", `${path} is no regular file, and cannot be changed`);
  return found.mode & 0o777;
}
