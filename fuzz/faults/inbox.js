// What comes over the network.

export const inbox = [
  {
    name: "a password is sent on to where a redirect leads",
    target: "http",
    file: "src/io/http/request.ts",
    from: "if (url.origin !== this.#start.origin) return all;",
    to: "",
  },
  {
    name: "a webhook of the future is taken",
    target: "hook",
    file: "inbox/src/server/webhooks.ts",
    from: "Math.abs(Number(timestamp) - now / 1000) <= TOLERANCE",
    to: "now / 1000 - Number(timestamp) <= TOLERANCE",
  },
  {
    name: "an id of a webhook may have a dot",
    target: "hook",
    file: "inbox/src/server/webhooks.ts",
    from: "const ID = /^[\\x21-\\x2d\\x2f-\\x7e]{1,256}$/;",
    to: "const ID = /^[\\x21-\\x7e]{1,256}$/;",
  },
  {
    name: "any signature of a webhook is taken",
    target: "hook",
    file: "inbox/src/server/webhooks.ts",
    from: "if (!fits.includes(true)) throw",
    to: "if (fits.length === 0) throw",
  },
  {
    name: "as many signatures of a webhook are looked at as there are",
    target: "hook",
    file: "inbox/src/server/webhooks.ts",
    from: '.split(" ").slice(0, MAX_SIGNATURES);',
    to: '.split(" ").slice(0, MAX_SIGNATURES * 2);',
  },
  {
    name: "a secret of a webhook may be short",
    target: "hook",
    file: "inbox/src/store/webhook-secrets.ts",
    from: "if (length < LEAST || length > MOST) throw",
    to: "if (length > MOST) throw",
  },
  {
    name: "secrets that are none are left out of a token",
    target: "hook",
    file: "inbox/src/store/tokens.ts",
    from: 'parseSecrets(secrets.join("\\n"))',
    to: "secrets.filter((line: string) => /^whsec_./.test(line))",
  },
  {
    name: "what an address has counts in a header",
    target: "hook",
    file: "inbox/src/store/tokens.ts",
    from: `way === "header" ? token : \`\${way} \${token}\``,
    to: `\`url \${token}\``,
  },
];
