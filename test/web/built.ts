// The library for browsers as it was built, which runs on Node too.

import { fileURLToPath } from "node:url";

export type Web = typeof import("../../src/web/index.js");

export const WEB_FILE = fileURLToPath(new URL("../../dist/web.js", import.meta.url));

export const web: Web = await import(WEB_FILE);
