// One chart per threshold: alerts and listed findings against its value, the value in force marked, the numbers as a table.

const tuning = JSON.parse(document.getElementById('tuning').textContent);
const curves = document.getElementById('curves');

function curveChart(curve) {
  const line = (field, label, name, dash) => ({
    label,
    data: curve.points.map((p) => ({ x: p.value, y: p[field] })),
    borderColor: color(name),
    backgroundColor: color(name),
    borderWidth: 2,
    borderDash: dash,
    stepped: 'before',
    pointRadius: curve.points.map((p) => (p.value === curve.current ? 7 : 3)),
    pointStyle: curve.points.map((p) => (p.value === curve.current ? 'rectRot' : 'circle')),
  });
  return {
    type: 'line',
    data: { datasets: [line('alert_count', 'alerts', 'up', []), line('listed_count', 'listed', 'down', [6, 3])] },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', intersect: false },
      scales: { x: axis('', { type: 'linear', beginAtZero: false }), y: axis('findings', { ticks: { precision: 0, maxTicksLimit: 5 } }) },
      plugins: { legend: { display: true, position: 'bottom', labels: { boxHeight: 2 } } },
    },
  };
}

function numbersTable(curve) {
  const row = (p) =>
    el(
      'tr',
      {},
      el('td', {}, number(p.value) + (p.value === curve.current ? ' (in force)' : '')),
      el('td', {}, number(p.alert_count)),
      el('td', {}, number(p.listed_count)),
    );
  const head = ['value', 'alerts', 'listed'].map((name) => el('th', { scope: 'col' }, name));
  return el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, curve.points.map(row)));
}

for (const curve of tuning.curves) {
  const now = curve.points.find((p) => p.value === curve.current);
  const meaning = `${curve.meaning}: ${now.alert_count} alerts and ${now.listed_count} listed at ${number(curve.current)}`;
  const into = el('figure', { class: 'card' });
  curves.append(into);
  figure(into, { heading: curve.setting, words: meaning, size: 's', make: () => curveChart(curve), data: numbersTable(curve) });
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
