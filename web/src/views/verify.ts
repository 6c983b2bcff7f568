// Verifying a file or a journal with the sender's public key only.

import { kindOf, SealError, verify, verifyJournal } from "../library.js";
import { revocationOf } from "../state/senders.js";
import { TEXT } from "../text.js";
import { type Child, h } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { fingerprintShown, keyShown, keysField } from "../ui/keys.js";
import { button, facts, paragraph, says } from "../ui/parts.js";
import { dateText, sizeText } from "../ui/quantities.js";
import { bdi } from "../ui/safe.js";
import { type Given, inputChoice, inputOf, nameOf } from "./input.js";
import { demandFields, demandsOf } from "./open.js";
import { type Controls, looking } from "./running.js";
import { frame, Stage, type View } from "./view.js";

export function verifyView(): View {
  const stage = new Stage();
  const keys = keysField(TEXT.common.publicKeys, TEXT.common.publicKeysHint);
  const demands = demandFields();
  const chosen = h("p", { role: "status" });
  let given: Given | null = null;
  const input = inputChoice((next) => {
    given = next;
    chosen.replaceChildren(`${TEXT.verify.chosen}: `, bdi(nameOf(next)));
  });
  const start = () => stage.begin(input, chosen, h("div", { class: "card" }, keys.element), demands.element, go);
  const again = () => h("div", { class: "row" }, button(TEXT.common.again, start));
  const run = async () => {
    if (!given)
      return stage.show(
        input,
        chosen,
        says("bad", TEXT.verify.needFile),
        h("div", { class: "card" }, keys.element),
        demands.element,
        go,
      );
    const now = given;
    const from = await signersOf(keys.text === "" ? null : await keys.keys());
    await looking({
      stage,
      again,
      heading: TEXT.verify.running,
      remote: now.is === "address",
      work: (controls) => verified(now, { from, ...demandsOf(demands) }, controls),
      done: (result) => says("good", TEXT.verify.done, paragraph(TEXT.verify.doneHint), result),
    });
  };
  const go = button(TEXT.verify.go, () => void run().catch((error) => stage.turn(failure(error), again())), {
    main: true,
  });
  start();
  return frame(TEXT.verify.title, TEXT.verify.intro, stage.element);
}

/** Throws `usage` where there is none, `untrusted` where one is revoked. */
async function signersOf(keys: { readonly signers: readonly string[] } | null): Promise<readonly string[]> {
  if (!keys || keys.signers.length === 0) throw new SealError("usage", TEXT.verify.needKey);
  for (const signer of keys.signers) {
    const revoked = revocationOf(signer);
    if (revoked !== null) throw new SealError("untrusted", TEXT.open.revoked(revoked), { signer });
  }
  return keys.signers;
}

interface Asked {
  readonly from: readonly string[];
  readonly label?: string;
  readonly maxAge?: number;
}

async function verified(given: Given, asked: Asked, controls: Controls): Promise<Child> {
  const input = inputOf(given);
  if (given.is === "file" && (await kindOf(given.file)) === "journal") return journal(given.file, asked, controls);
  const { signer, label, sealedAt, bytes, digest } = await verify(input, { ...asked, ...controls });
  return facts([
    [TEXT.common.signer, keyShown(signer)],
    [TEXT.common.fingerprint, fingerprintShown(signer)],
    [TEXT.common.label, label === "" ? TEXT.common.none : bdi(label)],
    [TEXT.common.when, TEXT.common.times(dateText(sealedAt))],
    [TEXT.common.size, sizeText(bytes)],
    [TEXT.common.digest, h("span", { class: "key" }, digest)],
  ]);
}

async function journal(file: File, { from, label }: Asked, controls: Controls): Promise<Child> {
  const found = await verifyJournal(file, { from, ...(label !== undefined && { label }), ...controls });
  return h(
    "div",
    {},
    facts([
      [TEXT.common.signer, keyShown(found.signer)],
      [TEXT.common.fingerprint, fingerprintShown(found.signer)],
      [TEXT.common.label, found.label === "" ? TEXT.common.none : bdi(found.label)],
      [TEXT.verify.frames, TEXT.verify.doneJournal(found.frames, found.epochs)],
    ]),
    found.tail > 0 && paragraph(TEXT.verify.tail(found.tail)),
  );
}
