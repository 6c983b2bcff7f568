// A copy of the protected key in this browser, and a passkey that unlocks it. Neither stands for the saved file.

import { Identity, SealError } from "../../library.js";
import { keepKey } from "../../state/kept-keys.js";
import { PasskeyError, type Wrapped, wrap } from "../../state/passkey.js";
import { PLACE } from "../../state/place.js";
import { type Holder, isHeld } from "../../state/session.js";
import { TEXT } from "../../text.js";
import { h } from "../../ui/dom.js";
import { failure } from "../../ui/failure.js";
import { button, field, paragraph, says, section, textInput } from "../../ui/parts.js";
import { wordOf } from "./unlocking.js";

export function keepingPart(holder: Holder): HTMLElement {
  const { key } = TEXT;
  if (!PLACE.keepsKeys) return section(key.keep, paragraph(key.keepDisk));
  if (!holder.file) return section(key.keep, paragraph(key.keepPlain));
  const said = h("div");
  const keep = async () => {
    try {
      await kept(holder, null);
      said.replaceChildren(says("good", null, paragraph(key.keepDone)), ...passkeyPart(holder));
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  };
  return section(
    key.keep,
    paragraph(key.keepHint),
    h(
      "div",
      { class: "row" },
      button(key.keep, () => void keep()),
    ),
    said,
  );
}

/** Throws `usage` where the key was locked meanwhile. */
async function kept(holder: Holder, passkey: Wrapped | null): Promise<void> {
  refuseLocked(holder);
  const { identity, name, file } = holder;
  await keepKey({ of: (identity.recipient ?? identity.signer)!, name, file: file!, passkey });
}

function refuseLocked({ identity }: Holder): void {
  if (!isHeld(identity)) throw new SealError("usage", TEXT.common.unlockFirst);
}

function passkeyPart(holder: Holder): (Node | string)[] {
  const { key } = TEXT;
  if (!PLACE.hasPasskeys) return [paragraph(key.passkeyNone, "hint")];
  const input = textInput({ type: "password", autocomplete: "current-password", required: true });
  const said = h("div");
  const make = async () => {
    const passphrase = new TextEncoder().encode(input.value);
    try {
      // What does not unlock it must not be put under the passkey.
      await Identity.parse(holder.file!, passphrase);
      refuseLocked(holder);
      await kept(holder, await wrap(passphrase, holder.name));
      input.value = "";
      said.replaceChildren(says("good", null, paragraph(key.passkeyDone)));
    } catch (error) {
      said.replaceChildren(wordsOn(error));
    } finally {
      passphrase.fill(0);
    }
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void make();
  };
  return [
    paragraph(key.passkeyHint, "hint"),
    h(
      "form",
      { on: { submit: onSubmit } },
      field(key.passkeyNeeds, input),
      button(key.passkey, () => {}, { type: "submit" }),
      said,
    ),
  ];
}

function wordsOn(error: unknown): HTMLElement {
  if (error instanceof PasskeyError) return says("note", null, paragraph(wordOf(error)));
  if (error instanceof SealError && error.code === "no-key") return says("bad", TEXT.key.wrong);
  return failure(error);
}
