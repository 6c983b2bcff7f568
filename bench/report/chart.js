// Options of a chart to SVG, the same look for all.

import * as echarts from "echarts";

/** Bars, by tool, in colours that people who see fewer can tell apart (Okabe and Ito), on white and on black. */
export const BARS = { seal: "#0072b2", "bare loop": "#009e73", age: "#e69f00", other: "#8a9099" };

/** Lines of seal; a tool that is compared with it has one colour throughout. */
const LINES = {
  seal: ["#0072b2", "#56b4e9", "#cc79a7", "#d55e00", "#8a6fd1"],
  "bare loop": ["#009e73", "#66c2a5"],
  age: ["#e69f00", "#b8860b"],
};

/** Each line of a tool has a marker of its own, too. */
const MARKERS = ["circle", "rect", "triangle", "diamond", "emptyCircle"];

/** @param {string} tool @param {number} index which of its lines */
export function lineColor(tool, index) {
  const colors = LINES[tool] ?? [BARS.other];
  return colors[index % colors.length];
}

/** @param {number} index which of a tool's lines */
export function marker(index) {
  return MARKERS[index % MARKERS.length];
}

const FONT = "Helvetica, Arial, sans-serif";
export const INK = "#30343b";
const FAINT = "#e4e6ea";
const PAPER = "#ffffff";

/** What changes where the page around the picture is dark. */
const DARK = { [INK]: "#d5d9e0", [FAINT]: "#3a414b", [PAPER]: "#0d1117" };
const DARK_STYLE = `<style>@media (prefers-color-scheme: dark) {${Object.entries(DARK)
  .flatMap(([light, dark]) => ["fill", "stroke"].map((name) => `[${name}="${light}"] { ${name}: ${dark} }`))
  .join(" ")}}</style>`;

/** A value or category axis in the common look. */
export function axis(more) {
  return {
    nameLocation: "middle",
    nameTextStyle: { color: INK, fontSize: 13 },
    axisLabel: { color: INK, fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: INK } },
    splitLine: { show: more.type !== "category", lineStyle: { color: FAINT } },
    minorSplitLine: { show: false },
    ...more,
  };
}

/**
 * @param {string} title
 * @param {object} options of echarts
 * @param {{ width?: number, height?: number }} size
 * @returns {string} SVG
 */
export function draw(title, options, { width = 860, height = 460 } = {}) {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: FONT, color: INK },
    title: { text: title, left: 16, top: 10, textStyle: { fontSize: 16, fontWeight: 600, color: INK } },
    grid: { left: 76, right: 230, top: 56, bottom: 60 },
    legend: {
      orient: "vertical",
      left: width - 215,
      top: 56,
      itemGap: 12,
      itemWidth: 30,
      textStyle: { color: INK, fontSize: 12 },
    },
    ...options,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replace(/<svg[^>]*>/, (tag) => `${tag}${DARK_STYLE}`);
}
