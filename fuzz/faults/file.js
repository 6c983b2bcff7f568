// Sealed files, and their text form.

export const file = [
  {
    name: "a stanza that does not open ends the search",
    target: "file",
    file: "src/engine/stanzas.ts",
    from: "body.subarray(encLength));\n      if (fileKey) return { fileKey };",
    to: "body.subarray(encLength));\n      if (fileKey || key.kem === 'xwing') return { fileKey };",
  },
  {
    name: "a header's signature is not looked at",
    target: "file",
    file: "src/header/read.ts",
    from: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator)) return;",
    to: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator) || stanzaBytes.length > 0) return;",
  },
  {
    name: "a record's signature is not looked at",
    target: "file",
    file: "src/format/record.ts",
    from: "return { digest, chain, authentic: authentic && signed };",
    to: "return { digest, chain, authentic: authentic || signed };",
  },
  {
    name: "a record's chain value is not compared",
    target: "file",
    file: "src/files/records.ts",
    from: "chain === null || (result.chain !== null && equal(result.chain, chain))",
    to: "chain === null || result.chain !== null",
  },
  {
    name: "a record that is there twice is taken once",
    target: "file",
    file: "src/engine/run.ts",
    from: "export function runOpen(keys: ChunkKeys, task: Task): OpenTaskResult {",
    to: `let last: OpenTaskResult | null = null;
export function runOpen(keys: ChunkKeys, task: Task): OpenTaskResult {
  const copy = keys.signed && task.index > 0 ? task.buffer!.slice() : null;
  const found = reallyOpen(keys, task);
  if (found.authentic || !copy) last = found;
  if (found.authentic || !copy) return found;
  task.buffer!.set(copy);
  const again = reallyOpen(keys, { ...task, index: task.index - 1 });
  if (again.authentic) last = { ...again, chain: keys.suite.sha256(last!.chain!, last!.digest!) };
  return again.authentic ? last! : again;
}
function reallyOpen(keys: ChunkKeys, task: Task): OpenTaskResult {`,
  },
  {
    name: "bytes behind a whole chunk are ignored",
    target: "file",
    file: "src/files/records.ts",
    from: "if (work.length < overhead(geometry.signed)) throw endsEarly(index, position);",
    to: "if (work.length < overhead(geometry.signed)) { if (index === 0) throw endsEarly(index, position); return; }",
  },
  {
    name: "the memory of a whole chunk is taken before its bytes are there",
    target: "file",
    file: "src/flow/buffers.ts",
    from: "Math.min(length, FIRST) + room",
    to: "length + room",
  },
  {
    name: "records may be signed by the signer too",
    target: "file",
    file: "src/header/read.ts",
    from: "const recordKey = core.recordKey && suite.checkedVerifyingKey(core.recordKey);",
    to: `const own = core.recordKey && suite.checkedVerifyingKey(core.recordKey);
  const either: VerifyingKey["verify"] = (message, it) => own!.verify(message, it) || signer!.verify(message, it);
  const recordKey = own && { publicKey: own.publicKey, verify: either };`,
  },
  {
    name: "the commitment is not compared",
    target: "file",
    file: "src/header/unlock.ts",
    from: "if (!equal(commitment(suite, fileKey), header.core.commitment)) {",
    to: "if (commitment(suite, fileKey).length !== header.core.commitment.length) {",
  },
  {
    name: "a fifth stanza is tried with the passphrase",
    target: "file",
    file: "src/header/passphrase.ts",
    from: "const MOST_TRIED = 4;",
    to: "const MOST_TRIED = 5;",
  },
  {
    name: "a passphrase's stanza may be another file's",
    target: "file",
    file: "src/header/passphrase.ts",
    from: 'return concat(utf8("seal.v1 passphrase\\0"), coreHash, salt);',
    to: 'return concat(utf8("seal.v1 passphrase\\0"), coreHash.subarray(0, 0), salt);',
  },
  {
    name: "a passphrase is tried before the keys",
    target: "file",
    file: "src/header/unlock.ts",
    from: "const byKey = await openFirst(suite, header, keys, signal, engine);",
    to: "const byKey = (ask ? await askAndOpen(suite, header, ask, signal) : null) ?? (await openFirst(suite, header, keys, signal, engine));",
  },
  {
    name: "a line of a text may be short",
    target: "armor",
    file: "src/files/armor.ts",
    from: "const WHOLE_LINE = /^[A-Za-z0-9+/]{64}$/;",
    to: "const WHOLE_LINE = /^(?:[A-Za-z0-9+/]{4}){1,16}$/;",
  },
  {
    name: "bits of a text that no byte needs may be set",
    target: "armor",
    file: "src/files/armor.ts",
    from: "LAST_LINE.test(line) && toBase64(decoded([line])) === line",
    to: "LAST_LINE.test(line)",
  },
  {
    name: "what follows a text is not looked at",
    target: "armor",
    file: "src/files/armor.ts",
    from: "await expectBlank(lines, name);",
    to: "",
  },
  {
    name: "the end of a text may be missing",
    target: "armor",
    file: "src/files/armor.ts",
    from: 'throw malformed(name, "the line that ends a sealed file is missing");',
    to: `due.push(checkedLast(before, name));
  yield decoded(due);`,
  },
  {
    name: "any number of blank lines may follow a text",
    target: "armor",
    file: "src/files/armor.ts",
    from: "BLANK.test(line) && ++count <= MOST_BLANK_LINES",
    to: "BLANK.test(line) && ++count > 0",
  },
  {
    name: "a return without a line end counts for nothing",
    target: "armor",
    file: "src/files/armor.ts",
    from: 'if (rest !== "") yield rest;',
    to: 'if (rest !== "") yield withoutReturn(rest);',
  },
];
