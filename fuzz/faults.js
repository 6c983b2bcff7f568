// Faults, each a change to one place in src/ or inbox/src/, that the fuzzer has to find. A test holds the places to
// what stands there.

import { cursor } from "./faults/cursor.js";
import { file } from "./faults/file.js";
import { header } from "./faults/header.js";
import { inbox } from "./faults/inbox.js";
import { journal } from "./faults/journal.js";
import { keys } from "./faults/keys.js";
import { records } from "./faults/records.js";
import { ssh } from "./faults/ssh.js";

export const FAULTS = [...header, ...file, ...keys, ...ssh, ...journal, ...cursor, ...records, ...inbox];
