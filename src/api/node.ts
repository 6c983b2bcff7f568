// Node, as the library's platform. Whatever is Node's in the library imports this.

import { loadSuite } from "../crypto/index.js";
import { poolEngine } from "../engine/pool.js";
import { defaultThreads } from "../engine/threads.js";
import { providePlatform } from "./platform.js";

const engine = poolEngine(defaultThreads());

providePlatform({ suite: loadSuite, engine: async () => engine });
