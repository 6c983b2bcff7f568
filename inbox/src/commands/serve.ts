// seal-inbox serve

import { type Command, DIR } from "../arguments.js";

export const serve: Command = {
  name: "serve",
  words: [],
  summary: "Take in records and give journals, until SIGTERM or SIGINT.",
  flags: {
    sign: { value: "KEY", help: "the identity that signs the journals (a path)" },
    listen: { value: "HOST:PORT", help: "where to listen (default: 127.0.0.1:8080)" },
    "tls-cert": { value: "FILE", help: "speak TLS, with this certificate (PEM)" },
    "tls-key": { value: "FILE", help: "its key (PEM)" },
    "max-body": { value: "BYTES", help: "of one request (default: 1048576)" },
    "max-queued": { value: "BYTES", help: "that wait for the disk, of one inbox (default: 16777216)" },
    "max-held": { value: "BYTES", help: "of all requests in memory (default: 67108864)" },
    rate: { value: "N", help: "requests a second of each token (default: 1000)" },
    "key-lifetime": { value: "TIME", help: "how long idempotency keys are kept (default: 24h)" },
    "max-keys": { value: "N", help: "how many are kept, of all inboxes (default: 1000000)" },
    idle: { value: "TIME", help: "close an inbox after so long without a request (default: 10m)" },
    "log-level": { value: "LEVEL", help: `debug, info, warn, error, silent (default: info)` },
    ...DIR,
  },
  notes:
    "SIGHUP begins a new epoch in every journal that is open. A passphrase is read from the file that SEAL_PASSPHRASE_FILE names.",
  // The other commands need no web framework.
  run: async (args) => (await import("../serving.js")).serve(args),
};
