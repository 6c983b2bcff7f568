// The hash of the file that this page was built as. A file cannot hold its own hash; but the page has all its parts,
// and puts them together again. This says which version is open. It proves nothing: a page that somebody changed says
// what they like.

declare const SEAL_TEMPLATE: string;

/** What stands in the page beside the template; read before anything else changes it. */
export interface OwnParts {
  readonly script: string;
  readonly style: string;
  readonly policy: string;
  /** The licences of what is in the page. */
  readonly notices: string;
}

export function ownParts(document: Document): OwnParts {
  const policy = document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]');
  return {
    script: document.currentScript?.textContent ?? "",
    style: document.querySelector("style")?.textContent ?? "",
    policy: policy?.content ?? "",
    notices: document.querySelector("pre[hidden]")?.textContent ?? "",
  };
}

/** SHA-256 of the page as a file, in hex. */
export async function ownHash({ script, style, policy, notices }: OwnParts): Promise<string> {
  const values: Readonly<Record<string, string>> = { script, style, policy, notices: asHtml(notices) };
  const page = SEAL_TEMPLATE.split(/(\{\{\w+\}\})/)
    .map((part) => values[part.slice(2, -2)] ?? part)
    .join("");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(page));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** As build.js writes it. */
function asHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
