// seal-inbox serve

import { type Command, STORE } from "../arguments.js";

export const serve: Command = {
  name: "serve",
  words: [],
  summary: "Accept records and serve journals, until SIGTERM or SIGINT.",
  flags: {
    sign: { value: "KEY", help: "the identity that signs the journals (a path); a .pub file of ssh asks the agent" },
    listen: { value: "HOST:PORT", help: "where to listen (default: 127.0.0.1:8080)" },
    metrics: { value: "HOST:PORT", help: "where to give figures and health alone, for operators, without TLS" },
    peers: {
      value: "HOST:PORT",
      help: "where other services on the database reach this one, to pass on what is for an inbox that it has open",
    },
    "tls-cert": { value: "FILE", help: "speak TLS, with this certificate (PEM)" },
    "tls-key": { value: "FILE", help: "its key (PEM)" },
    head: { value: "NAME", repeats: true, help: "a header that is sealed in front of records, such as x-github-event" },
    "allow-origin": { value: "ORIGIN", repeats: true, help: "let pages of that origin use the service (CORS)" },
    "max-body": { value: "BYTES", help: "of one request, also once it is decoded (default: 1048576)" },
    "max-queued": { value: "BYTES", help: "that wait for the disk, of one inbox (default: 16777216)" },
    "max-held": { value: "BYTES", help: "of all requests in memory (default: 67108864)" },
    rate: { value: "N", help: "requests a second of each token (default: 1000)" },
    "key-lifetime": { value: "TIME", help: "how long idempotency keys are kept (default: 24h)" },
    "max-keys": { value: "N", help: "how many are kept; half of that per inbox (default: 5000000)" },
    "max-open": { value: "N", help: "how many inboxes are open at a time (default: 1000)" },
    idle: { value: "TIME", help: "close an inbox after so long without a request (default: 10m)" },
    "shutdown-delay": {
      value: "TIME",
      help: "serve on for so long after SIGTERM, while /readyz says no (default: none)",
    },
    drain: { value: "TIME", help: "how long to announce that it is stopping, before it does (default: 5s)" },
    "log-level": { value: "LEVEL", help: `debug, info, warn, error, silent (default: info)` },
    ...STORE,
  },
  notes:
    "SIGHUP begins a new epoch in every journal that is open. A passphrase is read from the file that SEAL_PASSPHRASE_FILE names.",
  // The other commands need no web framework.
  run: async (args) => (await import("../process.js")).serve(args),
};
