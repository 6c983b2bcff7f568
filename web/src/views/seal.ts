// Sealing a file for somebody, by their public key.

import { type Identity, SealError, seal } from "../library.js";
import { revocationOf } from "../state/senders.js";
import { held, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { h } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { keysField } from "../ui/keys.js";
import { button, check, dropArea, facts, field, paragraph, textInput } from "../ui/parts.js";
import { sizeText } from "../ui/quantities.js";
import { bdi } from "../ui/safe.js";
import { keyNeeded } from "./open.js";
import { saving } from "./running.js";
import { frame, type Going, Stage, type View } from "./view.js";

export function sealView(going: Going): View {
  const stage = new Stage();
  const to = keysField(TEXT.seal.to, TEXT.seal.toHint, { multiple: true });
  const label = textInput({ dir: "auto" });
  const [self, isSelf] = check(TEXT.seal.self);
  isSelf.checked = true;
  const chosen = h("p", { role: "status" });
  const wrong = h("div");
  let file: File | null = null;
  const drop = dropArea((next) => {
    file = next;
    chosen.replaceChildren(`${TEXT.verify.chosen}: `, bdi(next.name), `, ${sizeText(next.size)}`);
  });
  const start = () => {
    wrong.replaceChildren();
    const fields = h("div", { class: "card" }, to.element, self, field(TEXT.seal.label, label, TEXT.seal.labelHint));
    stage.begin(keyNeeded(going), h("div", { class: "card" }, drop, chosen), fields, wrong, go);
  };
  const again = () => h("div", { class: "row" }, button(TEXT.common.again, start));
  const fail = (error: unknown) => wrong.replaceChildren(failure(error, { saves: true }));
  // The browser asks for a place only while a click is being handled, so the keys are read after that.
  const run = () => {
    const holder = held();
    try {
      if (!holder) throw new SealError("usage", TEXT.common.unlockFirst);
      if (holder.identity.signer === null) throw new SealError("usage", TEXT.seal.unsignedKey);
      if (!file) throw new SealError("usage", TEXT.seal.needFile);
      sealNow(file, holder.identity);
    } catch (error) {
      fail(error);
    }
  };
  const sealNow = (from: File, identity: Identity) => {
    void saving({
      stage,
      again,
      heading: TEXT.seal.running,
      name: `${from.name}.sealed`,
      otherwise: TEXT.seal.otherwise,
      where: TEXT.seal,
      work: async (output, { signal, progress }) => {
        const recipients = await recipientsOf(to, isSelf.checked ? identity.recipient : null);
        return seal(from, output, { to: recipients, sign: identity, label: label.value, signal, progress });
      },
      done: ({ sealedBytes, label, digest, recipients: count }) => ({
        heading: TEXT.seal.done,
        children: [
          paragraph(TEXT.seal.doneHint(count)),
          facts([
            [TEXT.common.label, label === "" ? TEXT.common.none : bdi(label)],
            [TEXT.common.size, sizeText(sealedBytes)],
            [TEXT.common.digest, digest && h("span", { class: "key" }, digest)],
          ]),
        ],
      }),
    });
  };
  const go = button(TEXT.seal.go, run, { main: true });
  start();
  whenHeld(() => {
    if (!held() || stage.element.querySelector("[data-start]")) start();
  });
  return frame(TEXT.seal.title, TEXT.seal.intro, stage.element);
}

/** Throws `usage` where nobody is named, `untrusted` where a key is revoked. */
async function recipientsOf(field: ReturnType<typeof keysField>, self: string | null): Promise<readonly string[]> {
  if (field.text === "") throw new SealError("usage", TEXT.seal.needTo);
  const { recipients } = await field.keys();
  if (signsAlone(field.text)) throw new SealError("usage", TEXT.seal.signsAlone);
  if (recipients.length === 0) throw new SealError("usage", TEXT.seal.needTo);
  for (const recipient of recipients) {
    const revoked = revocationOf(recipient);
    if (revoked !== null) throw new SealError("untrusted", TEXT.seal.revoked(revoked));
  }
  return [...new Set([...recipients, ...(self === null ? [] : [self])])];
}

/** Whether a key that only tells who signed stands without one to seal for: nobody is to be left out unsaid. */
function signsAlone(text: string): boolean {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return keys.some((key, i) => /^sealsig1/i.test(key) && !/^seal1/i.test(keys[i - 1] ?? ""));
}
