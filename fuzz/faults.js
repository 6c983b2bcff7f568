// Faults, each a change to one place in src/, that the fuzzer has to find. A test holds the places to what stands there.

export const FAULTS = [
  {
    name: "a chunk size out of bounds is taken",
    target: "header",
    file: "src/format/core.ts",
    from: "exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT",
    to: "exponent >= MIN_CHUNK_EXPONENT",
  },
  {
    name: "a label that is not UTF-8 is taken",
    target: "header",
    file: "src/bytes.ts",
    from: "fatal: true",
    to: "fatal: false",
  },
  {
    name: "a stanza of type 0 is taken",
    target: "header",
    file: "src/format/stanza.ts",
    from: 'if (types.has(0)) throw malformed("a stanza of type 0");',
    to: "",
  },
  {
    name: "a header's signature is not looked at",
    target: "file",
    file: "src/ops/header.ts",
    from: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator)) return;",
    to: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator) || stanzaBytes.length > 0) return;",
  },
  {
    name: "a record's signature is not looked at",
    target: "file",
    file: "src/chunk/record.ts",
    from: "return { digest, chain, authentic: authentic && signed };",
    to: "return { digest, chain, authentic: authentic || signed };",
  },
  {
    name: "a record's chain value is not compared",
    target: "file",
    file: "src/ops/records.ts",
    from: "chain === null || (result.chain !== null && equal(result.chain, chain))",
    to: "chain === null || result.chain !== null",
  },
  {
    name: "a record that is there twice is taken once",
    target: "file",
    file: "src/engine/run.ts",
    from: "export function runOpen(keys: ChunkKeys, task: Task): OpenResult {",
    to: `let last: OpenResult | null = null;
export function runOpen(keys: ChunkKeys, task: Task): OpenResult {
  const copy = keys.signed && task.index > 0 ? task.buffer!.slice() : null;
  const found = reallyOpen(keys, task);
  if (found.authentic || !copy) last = found;
  if (found.authentic || !copy) return found;
  task.buffer!.set(copy);
  const again = reallyOpen(keys, { ...task, index: task.index - 1 });
  if (again.authentic) last = { ...again, chain: keys.suite.sha256(last!.chain!, last!.digest!) };
  return again.authentic ? last! : again;
}
function reallyOpen(keys: ChunkKeys, task: Task): OpenResult {`,
  },
  {
    name: "bytes behind a whole chunk are ignored",
    target: "file",
    file: "src/ops/records.ts",
    from: "if (work.length < overhead(geometry.signed)) throw endsEarly(index, position);",
    to: "if (work.length < overhead(geometry.signed)) { if (index === 0) throw endsEarly(index, position); return; }",
  },
  {
    name: "the memory of a whole chunk is taken before its bytes are there",
    target: "file",
    file: "src/ops/buffers.ts",
    from: "Math.min(length, FIRST) + room",
    to: "length + room",
  },
  {
    name: "bytes behind a key are ignored",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (payload.length !== 1 + length)",
    to: "if (payload.length < 1 + length)",
  },
  {
    name: "a key in the other case is taken",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (text !== due)",
    to: "if (text !== due && text !== due.toUpperCase())",
  },
  {
    name: "a line that nobody knows is passed over",
    target: "contacts",
    file: "src/keys/contacts.ts",
    from: `if (word !== "superseded" && word !== "revoked") fail('after the key: nothing, "sender", "superseded" or "revoked"');`,
    to: `if (word !== "superseded" && word !== "revoked") return { is: "current", sender: false };`,
  },
  {
    name: "a reason is looked for by the time before it",
    target: "contacts",
    file: "src/keys/contacts.ts",
    from: 'const reason = line.replace(/^(?:[^ \\t]+[ \\t]+){3}[^ \\t]+[ \\t]*/, "");',
    to: 'const reason = line.slice(line.indexOf(at, line.indexOf(" " + word) + 1) + at.length).trim();',
  },
  {
    name: "the end of a line is trimmed by a regular expression",
    target: "identity",
    file: "src/keys/text.ts",
    from: "return line.slice(start, end);",
    to: 'return line.replace(/\\r$/, "").replace(/^[ \\t]+/, "").replace(/[ \\t]+$/, "");',
  },
  {
    name: "two protected blocks are taken",
    target: "identity",
    file: "src/keys/identity.ts",
    from: "line === BEGIN && found.block === null",
    to: "line === BEGIN",
  },
  {
    name: "a password is sent on to where a redirect leads",
    target: "http",
    file: "src/io/request.ts",
    from: "if (url.origin !== this.#start.origin) return all;",
    to: "",
  },
];
