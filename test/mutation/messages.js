// Leaves out mutants that do no more than empty the text of an error message or a hint. Whether an error is thrown,
// with which code and where, stays mutated, and so does a message that computes something.

const THROWERS = ["SealError", "malformed", "fail", "unusable", "expectLength", "tampered", "discontinued", "prefixed"];
const PASSED_THROUGH = ["ConditionalExpression", "LogicalExpression", "ObjectExpression", "ObjectProperty"];

function isPlainText({ node }) {
  if (node.type === "StringLiteral") return true;
  return node.type === "TemplateLiteral" && node.expressions.every(({ type }) => type === "Identifier");
}

/** Whether the text is, or may become, the message or the hint of an error; the code of one is neither. */
function isOfAnError(path) {
  let inner = path;
  while (PASSED_THROUGH.includes(inner.parent?.type)) inner = inner.parentPath;
  const { node, parent } = inner;
  const isCall = parent?.type === "CallExpression" || parent?.type === "NewExpression";
  if (!isCall || !THROWERS.includes(parent.callee.name)) return false;
  return parent.callee.name !== "SealError" || parent.arguments[0] !== node;
}

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "messages",
    value: {
      shouldIgnore: (path) => (isPlainText(path) && isOfAnError(path) ? "the text of an error message" : undefined),
    },
  },
];
