#!/usr/bin/env node
// From here on SIGUSR1 asks how the service is. Until it is listened to, Node opens a debugger in this process, which
// is to hold keys.
process.on("SIGUSR1", () => undefined);

const { main } = await import("../dist/main.js");
await main(process.argv.slice(2));
