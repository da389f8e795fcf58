/* Sales figures above the list: read again when the list is filtered; the table beside the chart is its data. */
(function () {
  "use strict";
  const { find } = window.magflow;
  const charts = new Map();
  let library = null;

  /* Which orders are meant; sorting and paging change nothing. */
  function selection() {
    const query = new URLSearchParams((find("#results")?.dataset.url || "").split("?")[1]);
    ["page", "sort", "view"].forEach((name) => query.delete(name));
    query.sort();
    return query.toString();
  }
  let shown = selection();

  function load(place) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: place.dataset.lib, onload: resolve, onerror: reject });
      document.head.append(script);
    });
    return library;
  }

  const value = (cell) => Number(cell.dataset.value);

  function draw(canvas) {
    const table = find(canvas.dataset.chart);
    const rows = [...table.tBodies[0].rows];
    const { color: ink, borderTopColor: line, outlineColor: bar } = getComputedStyle(canvas);
    const numbers = new Intl.NumberFormat(document.documentElement.lang);
    charts.get(canvas)?.destroy();
    charts.set(canvas, new window.Chart(canvas, {
      type: "bar",
      data: {
        labels: rows.map((row) => row.cells[0].dataset.short),
        datasets: [{ label: table.dataset.label, data: rows.map((row) => value(row.cells[2])), backgroundColor: bar, maxBarThickness: 28, borderRadius: 3 }],
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        plugins: {
          legend: { display: false },
          tooltip: { displayColors: false, callbacks: { title: (points) => rows[points[0].dataIndex].cells[0].textContent.trim(), label: (point) => rows[point.dataIndex].cells[2].textContent.trim(), footer: (points) => `${table.tHead.rows[0].cells[1].textContent}: ${rows[points[0].dataIndex].cells[1].textContent}` } },
        },
        scales: {
          x: { grid: { display: false }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 12 }, border: { color: line } },
          y: { beginAtZero: true, grid: { color: line }, ticks: { color: ink, maxTicksLimit: 5, callback: (amount) => numbers.format(amount) }, border: { display: false } },
        },
      },
    }));
  }

  function drawAll() {
    const place = find("#sales"), canvases = [...document.querySelectorAll("canvas[data-chart]")];
    for (const [canvas, chart] of charts) if (!canvas.isConnected) chart.destroy() || charts.delete(canvas);
    if (canvases.length) load(place).then(() => canvases.forEach(draw)).catch(() => canvases.forEach((canvas) => (canvas.hidden = true)));
  }

  document.body.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.closest("#sales")) {
      find("#sales").setAttribute("aria-busy", "false");
      drawAll();
    }
    const now = selection();
    if (now === shown) return;
    shown = now;
    const place = find("#sales");
    if (place && !place.hidden) window.htmx.trigger(place, "sales:read");
  });

  const themed = () => charts.size && drawAll();
  new MutationObserver(themed).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
})();
