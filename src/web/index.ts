// The library in browsers: `@sealed-files/seal/web`. Names, options, results and errors are those on Node
// (docs/guide/browser.md); inputs are bytes, Blobs, streams and addresses, outputs are streams, files that the page may
// write to, and functions.

import "./platform.js";

export type { JournalBatch, JournalReaderOptions } from "../api/batches.js";
export { type FullIdentity, type Generated, Identity, type NewIdentityOptions } from "../api/identity.js";
export type * from "../api/options.js";
export type { Signer } from "../api/signer.js";
export type { WorkerLike } from "../engine/web-pool.js";
export { type ErrorCode, SealError } from "../errors.js";
export type { Range } from "../files/range.js";
export type { Progress } from "../flow/io.js";
export type { HeadedRecord, Records } from "../format/batch.js";
export type { Heads } from "../format/heads.js";
export type { FileHandleLike } from "../io/handle.js";
export type { JournalSource } from "../journal/store.js";
export type { WebInput } from "./inputs.js";
export { type WebJournal, WebJournalReader as JournalReader } from "./journal-reader.js";
export {
  inspectInBrowser as inspect,
  openInBrowser as open,
  sealInBrowser as seal,
  verifyInBrowser as verify,
  type WebOpenOptions,
} from "./operations.js";
export type { WebOutput } from "./outputs.js";
export { useWorkers, type WorkersOptions } from "./platform.js";
export {
  asksPassphrase as isProtected,
  escapedText as escaped,
  fingerprintOf as fingerprint,
  type KnownContacts as Contacts,
  kindOfBlob as kindOf,
  type PublicKeys,
  parseContactsText as parseContacts,
  parsePublicKeyText as parsePublicKeys,
} from "./shown.js";
export {
  type JournalVerdict,
  type VerifyJournalInBrowserOptions as VerifyJournalOptions,
  verifyJournalInBrowser as verifyJournal,
} from "./verify-journal.js";
