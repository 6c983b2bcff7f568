// All targets. What is added here is fuzzed, and its findings are replayed by the tests.

import type { Target } from "../target.js";
import { contacts } from "./contacts.js";
import { file } from "./file.js";
import { header } from "./header.js";
import { http } from "./http.js";
import { identity } from "./identity.js";
import { text } from "./text.js";

export const TARGETS: readonly Target[] = [header, file, text, identity, contacts, http];
