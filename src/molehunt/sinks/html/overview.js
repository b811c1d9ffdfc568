// The overview's two charts: findings by severity, and who moved how much to where.

const MAP_CLIENTS = 12,
  MAP_DOMAINS = 12;

function overview(rows) {
  const open = rows.filter((row) => !row.suppressed);
  severities(open);
  map(open);
}

function severities(rows) {
  const counts = LEVELS.map((level) => rows.filter((row) => row.severity === level).length);
  const alerts = LEVELS.map((level) => rows.filter((row) => row.severity === level && row.confidence !== 'low').length);
  figure(document.getElementById('severity-figure'), {
    heading: 'Findings by severity',
    size: 's',
    words: LEVELS.map((level, i) => `${number(counts[i])} ${level}`).join(', ') + '.',
    make: () => bars(LEVELS, counts, LEVELS.map(color)),
    data: table(
      'Findings by severity',
      ['Severity', 'Findings', 'Alerts'],
      LEVELS.map((level, i) => [level, number(counts[i]), number(alerts[i])]),
      [1, 2],
    ),
  });
}

function top(sums, count) {
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([key]) => key);
}

function map(rows) {
  const into = document.getElementById('map-figure');
  const moved = (row) => (row.up_bytes ?? 0) + (row.down_bytes ?? 0);
  const perClient = new Map(),
    perDomain = new Map();
  for (const row of rows) {
    perClient.set(who(row), (perClient.get(who(row)) ?? 0) + moved(row));
    perDomain.set(what(row), (perDomain.get(what(row)) ?? 0) + moved(row));
  }
  const clients = top(perClient, MAP_CLIENTS),
    domains = top(perDomain, MAP_DOMAINS);
  const cells = rows.filter((row) => moved(row) && clients.includes(who(row)) && domains.includes(what(row)));
  if (!cells.length) {
    into.append(
      el('figcaption', {}, el('h3', {}, 'Who moved how much to where'), el('p', { class: 'quiet' }, 'No bytes to show.')),
    );
    return;
  }
  const most = Math.max(...cells.map(moved)),
    greatest = cells.find((row) => moved(row) === most);
  const points = cells.map((row) => ({
    x: domains.indexOf(what(row)),
    y: clients.indexOf(who(row)),
    r: 4 + 12 * Math.sqrt(moved(row) / most),
    row,
  }));
  const short = (text) => (text.length > 22 ? `${text.slice(0, 10)}…${text.slice(-10)}` : text);
  const scale = (names, minRotation) => ({
    type: 'linear',
    min: -0.7,
    max: names.length - 0.3,
    grid: { color: color('line') },
    afterBuildTicks: (made) => {
      made.ticks = names.map((_, value) => ({ value }));
    },
    ticks: { autoSkip: false, minRotation, maxRotation: 50, callback: (value) => short(names[value] ?? '') },
  });
  const left = rows.length - cells.length;
  const canvas = figure(into, {
    heading: 'Who moved how much to where',
    size: 'l',
    words:
      `Clients down, domains across, a circle as large as the bytes moved. Most: ${who(greatest)} to ${what(greatest)}, ${bytes(most)}.` +
      (left ? ` ${number(left)} smaller findings are not drawn.` : ''),
    make: () => ({
      type: 'bubble',
      data: {
        datasets: [
          {
            data: points,
            backgroundColor: points.map((point) => `${color(point.row.severity)}cc`),
            borderColor: color('ground'),
            clip: false,
          },
        ],
      },
      options: {
        layout: { padding: 6 },
        scales: { x: scale(domains, 35), y: { ...scale(clients, 0), reverse: true } },
        onClick: (_, hits) => {
          if (hits.length) location.hash = `finding-${points[hits[0].index].row.finding_id}`;
        },
        plugins: {
          tooltip: {
            callbacks: {
              label: (item) => {
                const { row } = item.raw;
                return [`${who(row)} → ${what(row)}`, `${bytes(row.up_bytes)} up, ${bytes(row.down_bytes)} down`];
              },
            },
          },
        },
      },
    }),
    data: table(
      'Bytes by client and domain',
      ['Client', 'Domain', 'Up', 'Down'],
      cells.map((row) => [who(row), what(row), bytes(row.up_bytes), bytes(row.down_bytes)]),
      [2, 3],
    ),
  });
  canvas.classList.add('pointer');
}
