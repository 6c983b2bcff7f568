// All targets. What is added here is fuzzed, and its findings are replayed by the tests.

import type { Target } from "../target.js";
import { armor } from "./armor.js";
import { batch } from "./batch.js";
import { contacts } from "./contacts.js";
import { cursor } from "./cursor.js";
import { encodings } from "./encodings.js";
import { file } from "./file.js";
import { framing } from "./framing.js";
import { header } from "./header.js";
import { hook } from "./hook.js";
import { http } from "./http.js";
import { identity } from "./identity.js";
import { journal } from "./journal.js";
import { recovery } from "./recovery.js";
import { ssh } from "./ssh.js";
import { text } from "./text.js";

export const TARGETS: readonly Target[] = [
  header,
  file,
  text,
  identity,
  contacts,
  http,
  journal,
  cursor,
  framing,
  batch,
  recovery,
  armor,
  ssh,
  hook,
  encodings,
];
