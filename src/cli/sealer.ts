// Where a thread that seals small files begins.

import { loadProgram } from "./compiled.js";

void loadProgram("seal", []).sealOnThread();
