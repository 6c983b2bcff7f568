// Loaded before a program: the calls that SEAL_TEST_REFUSED names, NAME:CODE, are refused as by a file system that does
// not have them.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

for (const pair of process.env.SEAL_TEST_REFUSED.split(" ")) {
  const [name, code] = pair.split(":");
  fs[name] = () => {
    throw Object.assign(new Error(`${code}: ${name} is not here`), { code });
  };
}
syncBuiltinESMExports();
