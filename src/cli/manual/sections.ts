// What the manual pages say beside the commands.

import { type ErrorCode, SealError } from "../../errors.js";
import { exitStatus } from "../exit.js";

type Entries = readonly (readonly [string, string])[];

export const DESCRIPTIONS = {
  seal: [
    "seal encrypts files of any size for known recipients, and signs them as a known sender. seal open, or open, restores a file only if it comes unaltered from a sender whom the receiver accepts. Anyone who has the sender's public key can verify a sealed file without being able to read it. All three work as a stream, in bounded memory, and never release a byte that has not been authenticated.",
    "Write a FILE that is named like a command as ./open.",
    "A recipient or a sender is a key (seal1… or sealsig1…), the path of a public key file (with a / in it, or ending in .pub), or the name of a contact. A secret key is always named by the path of its file; - reads it from standard input.",
  ],
  open: [
    "open restores the content of a sealed file, if a sender whom the receiver accepts signed it and nothing was altered. It is the same as seal open. The output gets its name when all of it has been authenticated; a failed run leaves no output.",
    "It accepts the senders that --from names, and no others. Without --from, it accepts those in the identity's accept lines, and the contacts marked as senders.",
  ],
} as const;

const STATUS: Readonly<Record<ErrorCode, string>> = {
  internal: "A bug in seal.",
  usage: "Wrong options, a malformed key or contacts file, an unknown or revoked recipient, an output that exists.",
  io: "A file, keys and contacts included, that cannot be read or written; the network; a lock that stays held; a full disk; a closed pipe.",
  fenced: "Another program has taken over the journal that is being written, or has changed it.",
  malformed: "Not a sealed file, or one with a field outside its bounds.",
  unsupported: "A version, an algorithm or a kind of key that this program does not know: a newer seal made it.",
  "no-key": "None of the keys given opens the file, or a wrong passphrase.",
  tampered: "Altered or cut short. The message says at which chunk and byte.",
  untrusted: "A sender who is not accepted or is revoked, an unsigned file, a wrong label, or too old.",
  interrupted:
    "Interrupted by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP, 131 by SIGQUIT, and 128 plus the signal's number by any other. SIGUSR1 does not interrupt: it prints progress.",
};

/** Status, and what it means; the word in brackets is `code` in JSON. */
export const EXIT_STATUS: Entries = [
  ["0", "Everything asked for was done, and every byte of it authenticated."],
  ...Object.entries(STATUS).map(([code, text]): [string, string] => {
    return [String(exitStatus(new SealError(code as ErrorCode, ""))), `${text} (${code})`];
  }),
];

export const ENVIRONMENT: Entries = [
  ["SEAL_HOME", "The configuration directory, as an absolute path."],
  [
    "XDG_CONFIG_HOME",
    "Where SEAL_HOME is not set, seal in this directory is the configuration directory. A relative path is ignored.",
  ],
  [
    "SEAL_PASSPHRASE_FILE",
    "A file with the passphrase of protected identities and of files, for scripts: it is tried on each that needs one.",
  ],
  ["SEAL_DEBUG", "With 1, errors come with a stack trace."],
  ["SEAL_CRYPTO", "With portable, uses JavaScript cryptography instead of Node's."],
  ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "The proxies for URLs, and the hosts that are reached without one."],
  ["NODE_EXTRA_CA_CERTS", "A file with certificates of further authorities, for https."],
  ["NODE_DISABLE_COMPILE_CACHE", "If set, nothing is kept in ~/.cache/seal."],
  ["NO_COLOR", "If set, nothing is coloured."],
];

export const FILES: Entries = [
  ["NAME.key", "An identity: a secret key, and the senders whom it accepts. It is made with mode 0600."],
  ["NAME.pub", "The public keys of an identity: seal1… to seal for it, sealsig1… to know what it signed."],
  ["FILE.sealed", "A sealed file."],
  [
    "~/.config/seal",
    "The configuration directory on Linux. ~/Library/Application Support/seal on macOS, %APPDATA%\\seal on Windows.",
  ],
  ["identity.key", "In the configuration directory: the default identity."],
  [
    "~/.cache/seal",
    "What Node has compiled of seal, for a faster start; seal in $XDG_CACHE_HOME, where that is set. It is not made where it would not be this user's alone, and may be removed.",
  ],
  ["contacts", "In the configuration directory: names for public keys, who is accepted, and who is revoked."],
];
