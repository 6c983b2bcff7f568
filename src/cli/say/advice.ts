// What to do about an error, in the words of the command line. Below cli/, errors state facts, and their hints name
// options of the library.

import type { Reason, SealError } from "../../errors.js";

type Advice = (error: SealError) => string;

const ADVICE: Readonly<Partial<Record<Reason, Advice>>> = {
  exists: () => "To keep it, name another output with -o OUT; --force replaces it.",
  mounted: () => "Mount the directory that it is in, name another output with -o OUT, or use -o - and redirect it.",
  "not-replaceable": () => "Name another output with -o OUT, or remove this one first.",
  descriptor: () => "Use -o OUT, or -o - for standard output.",
  directory: ({ input }) => `Seal a directory as an archive: tar c ${shellWord(input ?? "DIR")} | seal - … > OUT`,
  "is-journal": () => "Read it with seal journal read.",
  "is-file": () => "Open it with seal open.",
  "not-accepted": ({ signer }) =>
    `Compare this key with the one that the sender gave you. To accept it: --from ${signer}, or seal accept add NAME.key ${signer}, or seal contacts add NAME ${signer} --sender.`,
  newline: () =>
    "Use --format json with the same cursor: it resumes here, and writes each record as an object, on a line of its own.",
  removed: () => "It was not picked up in time. To resume with what is left: --skip-removed.",
  credentials: () =>
    "Give the server's credentials: --header 'Authorization: …', or user name and password in the address.",
  "only-opens": () => "Make one that signs: seal keygen, or seal keygen --only sign.",
  "ssh-kind": () => "An ed25519 key can be used; ssh-keygen -t ed25519 makes one.",
  "ssh-private": () =>
    "Write it as OpenSSH does now (ssh-keygen -p -f FILE), if it is an ed25519 key; else make one: ssh-keygen -t ed25519.",
  "ssh-cipher": () => "Encrypt it as ssh-keygen does by itself: ssh-keygen -p -Z aes256-ctr -a 24 -f FILE.",
  "agent-gone": () => "Start one and add the key (ssh-add), or name the file of the private key with --sign.",
  "agent-lacks": () =>
    "Add it with ssh-add (a locked agent: ssh-add -X), or name the file of the private key with --sign.",
  "agent-refused": () =>
    "It is locked (ssh-add -X), was not allowed to, or may use this key for logins only (ssh-add -h).",
  "host-unknown": () =>
    "Log in to it once with ssh, or add its key, which you have compared: ssh-keyscan -t ed25519 HOST >> ~/.ssh/known_hosts.",
  "host-kind": () =>
    "Ask it for the right one, and compare it before you add it: ssh-keyscan -t ed25519 HOST >> ~/.ssh/known_hosts.",
  "host-line": () =>
    'Of a file of hosts, name the host: host:NAME. Of allowed signers, name one, signer:NAME:FILE, or write namespaces="seal" behind the names.',
  "contact-exists": () => "With --replace, these become its keys, and its present ones are kept as superseded.",
  "no-contact": () => "See seal contacts list.",
};

/** The line of what to do, where there is one. */
export function hintOf(error: SealError): string | undefined {
  return (error.reason && ADVICE[error.reason]?.(error)) ?? error.hint;
}

/** As it can be pasted into a shell. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
