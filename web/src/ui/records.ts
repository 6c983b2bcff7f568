// A list of records. Text is shown as text; an image only when the user wants to see it; the rest is saved.

import { contentOf } from "../journal/content.js";
import { fileNameOf } from "../journal/export.js";
import type { Found } from "../journal/fetching.js";
import { download } from "../save/download.js";
import { TEXT } from "../text.js";
import { type Child, h } from "./dom.js";
import { button, paragraph } from "./parts.js";
import { dateText, sizeText } from "./quantities.js";
import { bdi, escapedLines } from "./safe.js";

/** How many are shown at first, and with each click. */
const SHOWN = 50;

export function recordList(found: readonly Found[]): HTMLElement {
  const { pickup } = TEXT;
  const list = h("ol", { class: "records", "aria-label": pickup.records });
  const line = h("p", { class: "quiet", role: "status" });
  const more = button(pickup.showMore, () => showMore());
  let shown = 0;
  const showMore = () => {
    const next = found.slice(shown, shown + SHOWN);
    list.append(...next.map((each, i) => item(each, shown + i + 1)));
    shown += next.length;
    line.textContent = pickup.shown(shown, found.length);
    more.hidden = shown === found.length;
  };
  showMore();
  return h("div", {}, list, line, more);
}

/** The longest text of somebody else's that stands in a line about a record. */
const LONGEST = 120;

function item({ record, heads, sealedAt }: Found, n: number): HTMLElement {
  const { pickup } = TEXT;
  const { time, producer, type } = heads;
  const at = time === undefined ? sealedAt : new Date(time);
  const about = h(
    "p",
    { class: "about" },
    `${dateText(Number.isNaN(at.getTime()) ? sealedAt : at)} · `,
    producer === undefined ? pickup.noProducer : h("span", {}, `${pickup.producer} `, short(producer)),
    " · ",
    type === undefined ? pickup.noType : short(type),
    ` · ${sizeText(record.length)}`,
  );
  const name = fileNameOf(pickup.recordName(n), record);
  const save = button(pickup.saveOne, () => download(new Blob([record], { type: "application/octet-stream" }), name));
  save.setAttribute("aria-label", `${pickup.saveOne}: ${name}`);
  return h("li", {}, about, ...shownContent(record), save);
}

function short(text: string): HTMLElement {
  const letters = [...text];
  return bdi(letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : text);
}

function shownContent(record: Uint8Array<ArrayBuffer>): Child[] {
  const { pickup } = TEXT;
  const content = contentOf(record);
  if (content.is === "empty") return [paragraph(pickup.empty, "quiet")];
  if (content.is === "binary") return [paragraph(pickup.binary, "quiet")];
  if (content.is === "image") return [imagePart(record, content.type)];
  const text = h(
    "pre",
    { tabindex: "0", dir: "auto", role: "group", "aria-label": pickup.textOf },
    escapedLines(content.text),
  );
  const cut = content.whole ? null : paragraph(pickup.cut(sizeText(content.shown), sizeText(record.length)), "hint");
  return [text, cut];
}

function imagePart(record: Uint8Array<ArrayBuffer>, type: string): HTMLElement {
  const { pickup } = TEXT;
  const place = h("div", { class: "row" });
  const show = () => {
    const address = URL.createObjectURL(new Blob([record], { type }));
    const image = h("img", { alt: pickup.imageOf(type) });
    const end = () => URL.revokeObjectURL(address);
    image.addEventListener("load", end);
    image.addEventListener("error", () => {
      end();
      place.replaceChildren(paragraph(pickup.badImage, "quiet"));
    });
    image.src = address;
    place.replaceChildren(image);
  };
  place.append(button(pickup.showImage, show));
  return place;
}
