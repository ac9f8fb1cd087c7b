// Draws every picture of the page (templates/desk/chart.html) from the data beside it, again
// when the theme changes, when htmx swaps a part of the page, and on white for paper. Series
// differ in colour (Okabe and Ito's, which colour-blind people tell apart), in the shape of
// their points, in dashes and in hatching. Nothing moves.
(() => {
  "use strict";
  const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#a54f84", "#e69f00", "#56b4e9", "#5c6966"];
  const DARK = ["#56b4e9", "#e69f00", "#2fc79d", "#dd94bb", "#f0e442", "#ef7f3a", "#c6ceca"];
  const SHAPES = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "rectRounded"];
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2], [1, 4]];
  const ROW = 26; // pixels that a bar or a point of a lying picture needs
  const drawn = new Map();
  let library = null;

  function load(address) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", () => resolve(window.Chart));
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return library;
  }

  function coloursOf(figure) {
    const style = getComputedStyle(figure);
    const of = (name) => style.getPropertyValue(`--desk-${name}`).trim();
    const dark = of("dark") === "1";
    return {
      ink: of("ink"), soft: of("soft"), line: of("line"), sheet: of("sheet"),
      series: dark ? DARK : LIGHT, font: style.fontFamily,
    };
  }

  // A tile of strokes on the series' colour; the first series is plain.
  function hatching(colour, number, sheet) {
    if (number === 0) return colour;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = sheet;
    pen.lineWidth = 1.5;
    stroke(pen, [
      [[0, 8, 8, 0]], [[0, 0, 8, 8]], [[0, 4, 8, 4]], [[4, 0, 4, 8]],
      [[0, 8, 8, 0], [0, 0, 8, 8]], [[0, 4, 8, 4], [4, 0, 4, 8]],
    ][(number - 1) % 6]);
    return pen.createPattern(tile, "repeat");
  }

  // Points lie, one row a label, a little apart where several series share the row.
  function rowOf(label, number, count) {
    return label + (count > 1 ? (number / (count - 1) - 0.5) * 0.5 : 0);
  }

  function datasetOf(data, series, number, colours) {
    const colour = colours.series[number % colours.series.length];
    const points = data.kind === "points";
    const values = points
      ? series.values.map((x, label) => ({ x, y: rowOf(label, number, data.series.length) }))
      : series.values;
    return {
      label: series.name,
      data: values,
      backgroundColor: data.kind === "bars" ? hatching(colour, number, colours.sheet) : colour,
      borderColor: data.kind === "lines" ? colour : colours.ink,
      borderWidth: data.kind === "lines" ? 2 : 1,
      borderDash: data.kind === "lines" ? DASHES[number % DASHES.length] : [],
      pointStyle: SHAPES[number % SHAPES.length],
      pointRadius: data.kind === "lines" && values.length > 40 ? 0 : 5,
      pointHoverRadius: 7,
      pointBorderColor: ["star", "crossRot"].includes(SHAPES[number % 7]) ? colour : colours.ink,
      spanGaps: false,
      maxBarThickness: 44,
      low: series.low,
      high: series.high,
    };
  }

  // Long names lie beside their bars: on a phone they could not stand under them.
  function lies(data) {
    const longest = Math.max(0, ...data.labels.map((label) => String(label).length));
    return data.kind === "points" || (data.kind === "bars" && longest * data.labels.length > 40);
  }

  function axesOf(data, colours, written) {
    const lying = lies(data);
    const ends = { min: data.lowest ?? undefined, max: data.highest ?? undefined };
    const look = { color: colours.ink, font: { family: colours.font, size: 13 } };
    const value = {
      ...ends,
      type: "linear",
      beginAtZero: data.kind === "bars",
      grace: data.kind === "points" ? "8%" : 0,
      title: { display: Boolean(data.unit), text: data.unit, ...look },
      ticks: { ...look, callback: (tick) => written.format(tick), maxTicksLimit: 9 },
      grid: { color: colours.line },
      border: { color: colours.soft },
    };
    const names = {
      type: "category",
      ticks: { ...look, autoSkip: data.kind === "lines", maxRotation: 50 },
      grid: { display: false },
      border: { color: colours.soft },
    };
    if (data.kind === "points") {
      Object.assign(names, { type: "linear", reverse: true, min: -0.6, max: data.labels.length - 0.4 });
      names.afterBuildTicks = (axis) => { axis.ticks = data.labels.map((_, at) => ({ value: at })); };
      names.ticks.callback = (at) => data.labels[at] ?? "";
    }
    return lying ? { x: value, y: names } : { x: names, y: value };
  }

  function stroke(pen, path, dash = []) {
    pen.setLineDash(dash);
    pen.beginPath();
    for (const [x, y, toX, toY] of path) {
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
    }
    pen.stroke();
  }

  const intervals = (data, colours) => ({
    id: "intervals",
    afterDatasetsDraw(chart) {
      const pen = chart.ctx;
      const lying = lies(data);
      const axis = lying ? chart.scales.x : chart.scales.y;
      pen.save();
      pen.strokeStyle = colours.ink;
      pen.lineWidth = 1.5;
      data.series.forEach((series, number) => {
        if (!chart.isDatasetVisible(number)) return;
        chart.getDatasetMeta(number).data.forEach((mark, at) => {
          const ends = [series.low?.[at], series.high?.[at]];
          if (ends.includes(undefined) || ends.includes(null)) return;
          const [low, high] = ends.map((end) => axis.getPixelForValue(end));
          const { x, y } = mark.getProps(["x", "y"], true);
          stroke(pen, lying
            ? [[low, y, high, y], [low, y - 4, low, y + 4], [high, y - 4, high, y + 4]]
            : [[x, low, x, high], [x - 4, low, x + 4, low], [x - 4, high, x + 4, high]]);
        });
      });
      pen.restore();
    },
  });

  const references = (data, colours) => ({
    id: "references",
    afterDatasetsDraw(chart) {
      const pen = chart.ctx;
      const { left, right, top, bottom } = chart.chartArea;
      pen.save();
      pen.fillStyle = colours.ink;
      pen.lineJoin = "round";
      // Words stand clear of what they are written over.
      const write = (...words) => {
        Object.assign(pen, { strokeStyle: colours.sheet, lineWidth: 4 }).setLineDash([]);
        pen.strokeText(...words);
        pen.fillText(...words);
      };
      pen.font = `13px ${colours.font}`;
      for (const [words, value] of data.lines) {
        const at = (lies(data) ? chart.scales.x : chart.scales.y).getPixelForValue(value);
        Object.assign(pen, { strokeStyle: colours.ink, lineWidth: 1.5 });
        const half = pen.measureText(words).width / 2;
        pen.textAlign = lies(data) ? "center" : "right";
        if (lies(data)) {
          stroke(pen, [[at, top, at, bottom]], [5, 4]);
          write(words, Math.min(Math.max(at, half), chart.width - half), top - 6);
        } else {
          stroke(pen, [[left, at, right, at]], [5, 4]);
          write(words, right, at - 5);
        }
      }
      pen.restore();
    },
  });

  function saidOf(data, written) {
    return (item) => {
      const series = data.series[item.datasetIndex];
      const [low, high] = [series.low?.[item.dataIndex], series.high?.[item.dataIndex]];
      const value = written.format(series.values[item.dataIndex]);
      const range = low == null || high == null ? "" : ` (${written.format(low)} – ${written.format(high)})`;
      return `${series.name}: ${value}${range}`;
    };
  }

  function heightOf(data) {
    if (!lies(data)) return 320;
    return 90 + data.labels.length * Math.max(34, ROW * Math.min(data.series.length, 4));
  }

  function draw(Chart, figure) {
    const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const colours = coloursOf(figure);
    const written = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 3 });
    const canvas = figure.querySelector("canvas");
    drawn.get(figure)?.destroy();
    canvas.parentElement.style.blockSize = `${heightOf(data)}px`;
    figure.classList.add("drawn");
    drawn.set(figure, new Chart(canvas, {
      type: { bars: "bar", lines: "line", points: "scatter" }[data.kind],
      data: {
        labels: data.kind === "points" ? undefined : data.labels,
        datasets: data.series.map((series, number) => datasetOf(data, series, number, colours)),
      },
      plugins: [intervals(data, colours), references(data, colours)],
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        locale: document.documentElement.lang,
        indexAxis: data.kind === "bars" && lies(data) ? "y" : "x",
        layout: { padding: { top: data.lines.length && lies(data) ? 20 : 4, right: 12 } },
        scales: axesOf(data, colours, written),
        plugins: {
          legend: {
            display: data.series.length > 1,
            labels: { usePointStyle: data.kind !== "bars", color: colours.ink, font: { family: colours.font, size: 13 } },
          },
          tooltip: {
            callbacks: {
              title: ([item]) => (item ? data.labels[item.dataIndex] : ""),
              label: saidOf(data, written),
            },
          },
        },
      },
    }));
  }

  async function drawAll() {
    for (const [figure, chart] of drawn) {
      if (figure.isConnected) continue;
      chart.destroy();
      drawn.delete(figure);
    }
    for (const figure of document.querySelectorAll("figure[data-chart]")) {
      draw(await load(figure.dataset.library), figure);
    }
  }

  function printing(begins) {
    for (const [figure, chart] of drawn) {
      figure.classList.toggle("on-paper", begins);
      draw(chart.constructor, figure);
    }
  }

  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  document.addEventListener("DOMContentLoaded", () => {
    drawAll();
    document.body.addEventListener("htmx:afterSettle", drawAll);
    new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  });
})();
