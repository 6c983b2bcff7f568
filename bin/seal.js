#!/usr/bin/env node
// From here on SIGUSR1 asks how far the work is. Until it is listened to, Node opens a debugger in this process, which
// is to hold keys.
process.on("SIGUSR1", () => undefined);

const { start } = require("../dist/cli.cjs");
start("seal", process.argv.slice(2));
