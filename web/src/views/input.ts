// What a view works on: a file, or an address.

import { TEXT } from "../text.js";
import { h } from "../ui/dom.js";
import { button, dropArea, field, paragraph, textInput } from "../ui/parts.js";

export type Given = { readonly is: "file"; readonly file: File } | { readonly is: "address"; readonly url: string };

/** As the library takes it. */
export function inputOf(given: Given) {
  return given.is === "file" ? given.file : { url: given.url };
}

export function nameOf(given: Given): string {
  if (given.is === "file") return given.file.name;
  const last = new URL(given.url).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** An address that the page's policy lets it ask: https, or this machine. null for any other. */
export function addressOf(text: string): string | null {
  if (!URL.canParse(text.trim())) return null;
  const url = new URL(text.trim());
  const isHere = url.protocol === "http:" && /^(?:127\.0\.0\.1|localhost)$/.test(url.hostname);
  return url.protocol === "https:" || isHere ? url.href : null;
}

/** The choice of a file or an address. */
export function inputChoice(chosen: (given: Given) => void): HTMLElement {
  const address = textInput({ type: "url", inputmode: "url" });
  const wrong = h("p", { role: "alert" });
  const go = () => {
    const url = addressOf(address.value);
    wrong.textContent = url === null ? TEXT.common.badAddress : "";
    if (url !== null) chosen({ is: "address", url });
  };
  const form = h(
    "form",
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          go();
        },
      },
    },
    field(TEXT.common.address, address, TEXT.common.addressHint),
    wrong,
    button(TEXT.common.addressGo, () => {}, { type: "submit" }),
  );
  return h(
    "div",
    { class: "card" },
    dropArea((file) => chosen({ is: "file", file })),
    paragraph(""),
    form,
  );
}
