// A task of the page: its element, and the heading that gets the focus when it is shown.

import { h, put } from "../ui/dom.js";
import { paragraph } from "../ui/parts.js";

export interface View {
  readonly element: HTMLElement;
  readonly heading: HTMLElement;
}

export type Name = "open" | "pickup" | "verify" | "seal" | "key" | "about";

export interface Going {
  /** Shows another view. */
  go(name: Name): void;
}

/** A view's frame: title, what it is for, and the place where it happens. */
export function frame(title: string, intro: string, ...children: readonly Node[]): View {
  const heading = h("h1", {}, title);
  return { element: h("div", {}, heading, paragraph(intro, "quiet"), ...children), heading };
}

/** What was begun on a stage. When that is over, since the user begins anew or locks the key, it shows nothing more. */
export interface Task {
  readonly over: AbortSignal;
  turn(...children: Parameters<Stage["show"]>): void;
}

/** A place for what changes. */
export class Stage {
  readonly element = h("div");
  #running = new AbortController();

  /** Shows, and ends what was begun here. */
  begin(...children: Parameters<Stage["show"]>): void {
    this.#running.abort(new DOMException("stopped", "AbortError"));
    this.#running = new AbortController();
    this.show(...children);
  }

  task(): Task {
    const { signal: over } = this.#running;
    return {
      over,
      turn: (...children) => {
        if (!over.aborted) this.turn(...children);
      },
    };
  }

  show(...children: Parameters<typeof put> extends [Element, ...infer Rest] ? Rest : never): void {
    put(this.element, ...children);
  }

  /** Shows, and moves the focus to the first heading, so that nobody has to look for what is new. */
  turn(...children: Parameters<Stage["show"]>): void {
    this.show(...children);
    const heading = this.element.querySelector<HTMLElement>("h2");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
  }
}
