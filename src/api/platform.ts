// What the library stands on, which Node and browsers have each of their own. src/api/node.ts provides the one,
// src/web/platform.ts the other.

import type { Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import { SealError } from "../errors.js";

export interface Platform {
  suite(): Promise<Suite>;
  /** One for the process: its threads start when there is much to do, and keep nothing alive while they are idle. */
  engine(): Promise<Engine>;
}

let provided: Platform | null = null;

/** To be called once, before anything of the library is used. */
export function providePlatform(platform: Platform): void {
  provided = platform;
}

export function platform(): Platform {
  if (provided) return provided;
  throw new SealError("internal", "no platform was provided");
}
