// Elements, made one by one. Text is only ever text: nothing here, or anywhere in the page, parses HTML.

export type Child = Node | string | null | undefined | false;

export interface Attributes {
  readonly on?: { readonly [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void };
  readonly [name: string]: unknown;
}

/** An attribute that holds an address or a script is none of those that may be set from here. */
const SAFE =
  /^(?:(?:aria|data)-[a-z]+|accept|alt|autocomplete|autofocus|checked|class|cols|dir|disabled|download|for|hidden|id|inputmode|lang|max|min|multiple|name|open|placeholder|readonly|required|role|rows|selected|spellcheck|step|tabindex|type|value)$/;

/** An element with attributes (true as empty, false and undefined as none), listeners and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { on = {}, ...attributes }: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (!SAFE.test(name)) throw new Error(`attribute ${name}`);
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener as EventListener);
  element.append(...(children.filter(Boolean) as (Node | string)[]));
  return element;
}

/** Puts children in the place of those that are there. */
export function put(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...(children.filter(Boolean) as (Node | string)[]));
}

let last = 0;

/** An id that no other element has. */
export function newId(): string {
  last += 1;
  return `i${last}`;
}

/** Moves the focus to a heading, so that a screen reader goes on there. */
export function focusOn(heading: HTMLElement): void {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: false });
}
