// The contacts file: reading it, and changing it so that nobody's change is lost.

import { join } from "node:path";
import { utf8 } from "../../bytes.js";
import { loadSuite } from "../../crypto/index.js";
import { asIoError, ioError, SealError } from "../../errors.js";
import { committing } from "../../flow/io.js";
import { locked } from "../../io/lock/lock.js";
import { openOutput } from "../../io/output.js";
import { withoutLinks } from "../../io/paths.js";
import { lstat, stat } from "../../io/promises.js";
import { type Contacts, NO_CONTACTS, parseContacts } from "../../keys/contacts.js";
import { checkKeys } from "../../keys/contacts-edit.js";
import { configDirectory, defaultContactsPath, makeConfigDirectory } from "./places.js";
import { about, MAX_TEXT_FILE, readText } from "./read.js";

const HEADING = `# seal contacts: what "seal contacts" writes, and what may be edited by hand
#   NAME KEY [sender | superseded TIME | revoked TIME REASON]
#   @GROUP NAME…
`;

/**
 * The contacts of the file that `--contacts` names, which must exist, or of the default one, which need not; where
 * `checked`, with every key known to be valid. Throws `io` for a file that cannot be read, `usage` for one that cannot
 * be understood.
 */
export async function loadContacts(
  named: string | undefined,
  signal: AbortSignal,
  { checked = false } = {},
): Promise<Contacts> {
  if (named === "-") throw new SealError("usage", "--contacts takes the path of a file");
  const path = named ?? defaultContactsPath();
  if (path === null || (named === undefined && !(await exists(path)))) return NO_CONTACTS;
  return about(`contacts ${path}`, async () => {
    const contacts = parseContacts(await readText(path, signal));
    if (checked) await checkKeys(await loadSuite(), contacts);
    return contacts;
  });
}

/** A dangling link is not nothing. */
export async function exists(path: string, what = `contacts ${path}`): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw ioError(`cannot read ${what}`, error);
  }
}

/**
 * Changes the contacts file by `edit`, alone and in one step; the contacts before and after. With `create` the file
 * need not exist. Throws `usage`, `io`.
 */
export async function editContacts(
  named: string | undefined,
  create: boolean,
  signal: AbortSignal,
  edit: (contacts: Contacts) => Contacts,
): Promise<Contacts> {
  if (named === "-") throw new SealError("usage", "--contacts takes the path of a file");
  if (named === undefined) await makeConfigDirectory();
  const given = named ?? join(configDirectory(), "contacts");
  // What a link points at is changed, and locked, not the link.
  const path = (await exists(given)) ? await realPath(given) : given;
  return locked(path, signal, async () => {
    const isNew = !(await exists(path));
    const before = isNew && create ? parseContacts(HEADING) : await loadContacts(isNew ? named : path, signal);
    const after = edit(before);
    const text = after.format();
    if (text === before.format()) return after;
    await about(`contacts ${path}`, () => checkReadable(text));
    signal.throwIfAborted();
    await replace(path, text);
    return after;
  });
}

/** What is written now is what every later command reads. Throws `usage`. */
async function checkReadable(text: string): Promise<void> {
  if (utf8(text).length > MAX_TEXT_FILE) throw new SealError("usage", "there is no room in it for more");
  await checkKeys(await loadSuite(), parseContacts(text));
}

async function realPath(path: string): Promise<string> {
  try {
    return withoutLinks(path);
  } catch (error) {
    throw asIoError(`cannot read contacts ${path}`, error);
  }
}

async function replace(path: string, text: string): Promise<void> {
  if (await exists(path)) await expectFile(path);
  const sink = await openOutput(path, { force: true });
  await committing(sink, () => sink.write(utf8(text), 0));
}

/** Throws `io`, also for what is no regular file. */
async function expectFile(path: string): Promise<void> {
  const found = await stat(path).catch((error) => {
    throw ioError(`cannot read contacts ${path}`, error);
  });
  if (!found.isFile()) throw new SealError("io", `${path} is no regular file, and cannot be changed`);
}
