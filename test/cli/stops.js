// Loaded before a program: it stops (SIGSTOP) right before it gives a file the name that SEAL_TEST_STOP says, for the
// time that is named there, counted from 1: NAME:COUNT.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

const [name, count] = process.env.SEAL_TEST_STOP.split(":");
const { renameSync } = fs;
let times = 0;
fs.renameSync = (from, to) => {
  if (basename(to) === name && ++times === Number(count)) process.kill(process.pid, "SIGSTOP");
  renameSync(from, to);
};
syncBuiltinESMExports();
