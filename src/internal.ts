// What the inbox shares with seal beside the library: it is built into the inbox, and is no part of the package.

export { headerSigner, signer as givenSigner } from "./api/signer.js";
export { equal } from "./bytes.js";
export { exitStatus } from "./cli/exit.js";
export { about, readText } from "./cli/options/read.js";
export { escaped } from "./cli/say/escape.js";
export { recipientCount } from "./cli/say/text.js";
export { loadSuite } from "./crypto/index.js";
export { asIoError, ioError, prefixed } from "./errors.js";
export { type Base, baseLength, beginsBase, MAX_BASE_BYTES, parseBase } from "./format/base.js";
export { BATCH_HEAD_BYTES, RECORD_LENGTH_BYTES } from "./format/batch.js";
export { DEFAULT_CHUNK_EXPONENT, MAX_CHUNK_EXPONENT } from "./format/core.js";
export { type Cursor, encodeCursor, MAX_CURSOR_BYTES, parseCursor } from "./format/cursor.js";
export { chainAfterFrame, frameSize } from "./format/frame.js";
export { HEADS_LENGTH_BYTES, headsSize, MAX_HEAD_VALUE, MAX_HEADS_BYTES } from "./format/heads.js";
export { parseBytes } from "./format/parser.js";
export { CHAIN_BYTES } from "./format/sizes.js";
export { syncDirectory } from "./io/directory.js";
export { openJournalFile } from "./io/journals/open.js";
export { writeText } from "./io/text.js";
export { damagedArguments, isDamagedVariable } from "./io/utf8.js";
export { placeOf } from "./journal/reading/place.js";
export { changed, shortening } from "./journal/writing/owner.js";
export { shortenTo } from "./journal/writing/shorten.js";
export { isKeyText } from "./keys/any.js";
export { parseAllPublicKeys, sshSignerIn } from "./keys/public-keys.js";
export { encodeSshKey } from "./keys/ssh/public.js";
export { closeInspector, onAsking, onEnding } from "./signals.js";
