// Options of a chart to SVG, the same look for all.

import * as echarts from "echarts";

/** Bars, by tool. */
export const BARS = { seal: "#1f5fbf", "bare loop": "#8fb8a8", age: "#d9822b", other: "#b8bcc4" };

/** Lines of seal; a tool that is compared with it has one colour throughout. */
const LINES = {
  seal: ["#1f5fbf", "#62a8e5", "#7b5ea7", "#b79bd6", "#c0504d"],
  "bare loop": ["#4f8f79", "#8fb8a8"],
  age: ["#d9822b", "#efb27a"],
};

/** @param {string} tool @param {number} index which of its lines */
export function lineColor(tool, index) {
  const colors = LINES[tool] ?? [BARS.other];
  return colors[index % colors.length];
}

const FONT = "Helvetica, Arial, sans-serif";
const INK = "#30343b";
const FAINT = "#e4e6ea";

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
    backgroundColor: "#ffffff",
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
  return svg;
}
