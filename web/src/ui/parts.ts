// What the views are made of: fields, buttons, choices of files, words on what happened.

import { TEXT } from "../text.js";
import { type Child, h, newId } from "./dom.js";

export function button(text: string, click: () => void, { main = false, type = "button" } = {}): HTMLButtonElement {
  return h("button", { type, class: main ? "main" : undefined, on: { click } }, text);
}

type Control = HTMLInputElement | HTMLTextAreaElement;

/** A control with its label, and a hint that is read with it. */
export function field(label: string, control: Control, hint?: string): HTMLElement {
  control.id = newId();
  const line = hint === undefined ? null : h("p", { class: "hint", id: newId() }, hint);
  if (line) control.setAttribute("aria-describedby", line.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), line, control);
}

export function textInput(attributes: Readonly<Record<string, unknown>> = {}): HTMLInputElement {
  return h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
}

export function textArea(attributes: Readonly<Record<string, unknown>> = {}): HTMLTextAreaElement {
  return h("textarea", { autocomplete: "off", spellcheck: "false", ...attributes });
}

export function check(text: string, changed: (isOn: boolean) => void = () => {}): [HTMLElement, HTMLInputElement] {
  const box = h("input", { type: "checkbox", on: { change: () => changed(box.checked) } });
  return [h("label", { class: "check" }, box, h("span", {}, text)), box];
}

/** A button that opens the browser's choice of files. */
export function chooser(
  text: string,
  chosen: (files: readonly File[]) => void,
  { multiple = false } = {},
): HTMLElement {
  const input = h("input", {
    type: "file",
    multiple,
    on: {
      change: () => {
        const files = [...(input.files ?? [])];
        // So that the same file can be chosen again.
        input.value = "";
        if (files.length > 0) chosen(files);
      },
    },
  });
  return h("label", { class: "file" }, input, h("span", {}, text));
}

/** A place to drop a file on, with a button that does the same. */
export function dropArea(chosen: (file: File) => void): HTMLElement {
  const said = h("p", { role: "alert" });
  const area = h(
    "div",
    {
      class: "drop",
      on: {
        dragover: (event) => {
          event.preventDefault();
          area.classList.add("over");
        },
        dragleave: () => area.classList.remove("over"),
        drop: (event) => {
          event.preventDefault();
          area.classList.remove("over");
          const [file, ...others] = event.dataTransfer?.files ?? [];
          said.textContent = others.length > 0 ? TEXT.common.oneFile : "";
          if (file && others.length === 0) chosen(file);
        },
      },
    },
    h("p", { class: "quiet" }, TEXT.common.drop),
    chooser(TEXT.common.choose, ([file]) => {
      said.textContent = "";
      chosen(file!);
    }),
    said,
  );
  return area;
}

/** Facts by name; those that are null are left out. */
export function facts(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return h("dl", {}, ...shown.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** What happened: a screen reader says bad news at once, others in their turn. */
export function says(
  kind: "good" | "bad" | "note",
  heading: string | null,
  ...children: readonly Child[]
): HTMLElement {
  const role = kind === "bad" ? "alert" : "status";
  return h("div", { class: `says ${kind}`, role }, heading === null ? null : h("h2", {}, heading), ...children);
}

/** A card under a heading. */
export function section(heading: string, ...children: readonly Child[]): HTMLElement {
  const title = h("h2", { id: newId() }, heading);
  const element = h("section", {}, title, ...children);
  element.setAttribute("aria-labelledby", title.id);
  return element;
}

export function paragraph(text: string, className?: string): HTMLElement {
  return h("p", { class: className }, text);
}

/** A button that copies a text, and says so. */
export function copier(text: string): HTMLElement {
  const said = h("span", { role: "status", class: "quiet" });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    said.textContent = ` ${TEXT.common.copied}`;
  };
  return h(
    "span",
    {},
    button(TEXT.common.copy, () => void copy().catch(() => undefined)),
    said,
  );
}
