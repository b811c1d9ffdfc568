// Charts by Chart.js. Each stands in a figure with words for who cannot see it and its numbers as a table.

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.plugins.legend.display = false;
Chart.defaults.font.family = 'system-ui, sans-serif';
Chart.defaults.font.size = 12;

const drawn = new Map(); // canvas -> the function that makes its configuration, to draw it again in other colours
let printing = false;

function color(name) {
  if (printing)
    return {
      ink: '#222',
      quiet: '#555',
      line: '#ddd',
      up: '#9a3412',
      down: '#1d4ed8',
      accent: '#0f766e',
      good: '#15803d',
      bad: '#b91c1c',
      ground: '#fff',
      critical: '#9f1239',
      high: '#c2410c',
      medium: '#a16207',
      low: '#0e7490',
      info: '#64748b',
    }[name];
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(canvas, make) {
  Chart.getChart(canvas)?.destroy();
  Chart.defaults.color = color('quiet');
  Chart.defaults.borderColor = color('line');
  new Chart(canvas, make());
  drawn.set(canvas, make);
}

function redraw() {
  for (const [canvas, make] of drawn) {
    if (canvas.isConnected) draw(canvas, make);
    else {
      Chart.getChart(canvas)?.destroy();
      drawn.delete(canvas);
    }
  }
}

function forget(root) {
  for (const canvas of root.querySelectorAll('canvas')) {
    Chart.getChart(canvas)?.destroy();
    drawn.delete(canvas);
  }
}

// A figure: heading, canvas with its meaning in words, the same numbers as a table behind a fold.
function figure(into, { heading, words: meaning, size = 'm', make, data }) {
  const canvas = el('canvas', { role: 'img', 'aria-label': meaning });
  into.append(
    el('figcaption', {}, el('h3', {}, heading), el('p', { class: 'quiet' }, meaning)),
    el('div', { class: `chart ${size}` }, canvas),
    el('details', { class: 'numbers' }, el('summary', {}, 'Numbers'), data),
  );
  draw(canvas, make);
  return canvas;
}

const axis = (title, more = {}) => ({
  title: { display: Boolean(title), text: title },
  grid: { color: color('line') },
  beginAtZero: true,
  ...more,
});
const byteAxis = (title, more = {}) => axis(title, { ticks: { callback: (value) => bytes(value), maxTicksLimit: 6 }, ...more });

// Distances between the ticks of a time axis, in seconds, up to about a month.
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000,
];

function clock(milliseconds, step) {
  const text = new Date(milliseconds).toISOString();
  if (step >= 86400e3) return text.slice(5, 10);
  return text.slice(11, step < 60e3 ? 19 : 16);
}

function timeAxis(start, end) {
  const span = (end - start) / 1000;
  const step = 1000 * (STEPS_S.find((size) => span / size <= 7) ?? span / 7);
  const at = [];
  for (let t = Math.ceil(start / step) * step; t <= end; t += step) at.push({ value: t });
  return axis('UTC', {
    type: 'linear',
    min: start,
    max: end,
    beginAtZero: false,
    grid: { display: false },
    afterBuildTicks: (made) => {
      made.ticks = at;
    },
    ticks: { maxRotation: 0, callback: (value) => clock(value, step) },
  });
}

// How tall a chart of so many horizontal bars is: a class of page.css.
function height(count) {
  return count <= 4 ? 's' : count <= 7 ? 'm' : count <= 13 ? 'l' : 'xl';
}

const nameAxis = { grid: { display: false }, ticks: { autoSkip: false } };

function bars(labels, values, colors, more = {}) {
  return {
    type: 'bar',
    data: { labels, datasets: [{ data: values, backgroundColor: colors, borderRadius: 3, maxBarThickness: 26 }] },
    options: { indexAxis: 'y', scales: { x: axis('', { ticks: { precision: 0 } }), y: nameAxis }, ...more },
  };
}

function queriesChart(points, step) {
  const end = points.at(-1).x + step;
  return {
    type: 'bar',
    data: {
      datasets: [
        {
          data: points.map((p) => ({ x: p.x + step / 2, y: p.query_count })),
          backgroundColor: color('accent'),
          barThickness: 'flex',
          categoryPercentage: 1,
          barPercentage: 0.9,
        },
      ],
    },
    options: {
      parsing: false,
      scales: {
        x: { ...timeAxis(points[0].x, end), offset: false },
        y: axis('queries', { ticks: { precision: 0, maxTicksLimit: 5 } }),
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: (items) => time(new Date(items[0].raw.x - step / 2).toISOString()),
            label: (item) => `${number(item.raw.y)} queries`,
          },
        },
      },
    },
  };
}

function bytesChart(points, step) {
  const line = (field, name) => ({
    label: field === 'up_bytes' ? 'up' : 'down',
    data: points.filter((p) => p[field] !== null).map((p) => ({ x: p.x + step / 2, y: p[field] })),
    borderColor: color(name),
    backgroundColor: color(name),
    borderWidth: 2,
    pointRadius: points.length > 60 ? 0 : 2,
    tension: 0.2,
    borderDash: field === 'up_bytes' ? [] : [6, 3],
  });
  return {
    type: 'line',
    data: { datasets: [line('up_bytes', 'up'), line('down_bytes', 'down')].filter((set) => set.data.length) },
    options: {
      parsing: false,
      interaction: { mode: 'index', intersect: false },
      scales: { x: timeAxis(points[0].x, points.at(-1).x + step), y: byteAxis('bytes') },
      plugins: {
        legend: { display: true, position: 'bottom', labels: { boxHeight: 2, usePointStyle: false } },
        tooltip: {
          callbacks: {
            title: (items) => time(new Date(items[0].raw.x - step / 2).toISOString()),
            label: (item) => `${item.dataset.label} ${bytes(item.raw.y)}`,
          },
        },
      },
    },
  };
}

function rhythmChart(rhythm) {
  const points = rhythm.gaps_s.map((gap, i) => ({ x: i + 1, y: gap }));
  return {
    data: {
      datasets: [
        { type: 'scatter', data: points, backgroundColor: color('accent'), pointRadius: 3 },
        {
          type: 'line',
          data: [
            { x: 1, y: rhythm.period_s },
            { x: points.length, y: rhythm.period_s },
          ],
          borderColor: color('up'),
          borderWidth: 1.5,
          borderDash: [5, 4],
          pointRadius: 0,
        },
      ],
    },
    options: {
      scales: {
        x: axis('beat', { type: 'linear', min: 0, ticks: { precision: 0 } }),
        y: axis('gap', { ticks: { callback: (value) => seconds(value), maxTicksLimit: 6 } }),
      },
      plugins: { tooltip: { callbacks: { label: (item) => `gap ${seconds(item.raw.y)}` } } },
    },
  };
}

function waterfallChart(steps) {
  let total = 0;
  const spans = steps.map((step) => {
    const span = step.total ? [0, step.weight] : [total, total + step.weight];
    total = step.total ? total : total + step.weight;
    return span;
  });
  const colors = steps.map((step) =>
    step.total ? color('ink') : step.prior ? color('quiet') : step.weight >= 0 ? color('bad') : color('good'),
  );
  return bars(
    steps.map((step) => step.name),
    spans,
    colors,
    {
      scales: { x: axis('log10 odds that this is a channel', { beginAtZero: false }), y: nameAxis },
      plugins: { tooltip: { callbacks: { label: (item) => signed(steps[item.dataIndex].weight) } } },
    },
  );
}

addEventListener('beforeprint', () => {
  printing = true;
  redraw();
});
addEventListener('afterprint', () => {
  printing = false;
  redraw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
