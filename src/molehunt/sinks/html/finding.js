// Everything about one finding, drawn when it is opened.

function openFinding(row, around) {
  const { finding, added } = JSON.parse(document.getElementById(`f${row.at}`).textContent);
  const article = document.getElementById('finding');
  forget(article);
  article.replaceChildren(
    navigation(around),
    el(
      'header',
      { class: 'finding-head' },
      el(
        'p',
        { class: 'tags' },
        badge(finding.severity),
        el('span', { class: 'tag' }, `${finding.confidence} confidence`),
        el('span', { class: 'tag' }, words(finding.kind)),
        finding.suppressed ? el('span', { class: 'tag' }, 'suppressed') : null,
      ),
      el(
        'h2',
        { id: 'finding-heading', tabindex: '-1' },
        el('span', { class: 'name' }, who(finding)),
        ' → ',
        el('span', { class: 'name' }, what(finding)),
      ),
      el('p', { class: 'lead sentence' }, sentence(finding.summary || TITLES[finding.kind], finding.registered_domain)),
    ),
    facts(finding, added),
  );
  waterfall(article, finding);
  const charts = el('div', { class: 'pair' });
  article.append(charts);
  drawDetail(charts, finding);
  article.append(...[names(finding), steps(finding), others(finding), queries(added)].filter(Boolean));
  article.append(
    el(
      'p',
      { class: 'quiet link' },
      'Link to this finding: ',
      el('a', { href: `#finding-${encodeURIComponent(finding.finding_id)}` }, `#finding-${safe(finding.finding_id)}`),
    ),
  );
}

function navigation({ before, after, place }) {
  const link = (row, text, rel) =>
    row
      ? el('a', { href: `#finding-${encodeURIComponent(row.finding_id)}`, rel }, text)
      : el('span', { class: 'off', 'aria-hidden': 'true' }, text);
  return el(
    'nav',
    { class: 'between', 'aria-label': 'Way through the findings' },
    el('a', { href: '#findings', class: 'back' }, '← All findings'),
    el('span', { class: 'quiet' }, place),
    link(before, 'Previous', 'prev'),
    link(after, 'Next', 'next'),
  );
}

function facts(finding, added) {
  const known = new Map(added.techniques.map((technique) => [technique.id, technique]));
  const technique = (id) =>
    known.has(id) ? el('a', { href: known.get(id).url, rel: 'noreferrer' }, `${id} ${known.get(id).name}`) : safe(id);
  const span = finding.first_ts && finding.last_ts ? (Date.parse(finding.last_ts) - Date.parse(finding.first_ts)) / 1000 : null;
  const pairs = [
    [
      'Moved up',
      bytes(finding.up_bytes),
      'up_bytes',
      finding.up_bytes === null ? 'the log does not show it' : `${number(finding.up_bytes)} bytes`,
    ],
    [
      'Moved down',
      bytes(finding.down_bytes),
      'down_bytes',
      finding.down_bytes === null ? 'the log does not show it' : `${number(finding.down_bytes)} bytes`,
    ],
    [
      'Queries',
      number(finding.query_count),
      'query_count',
      span ? `${number(Math.round((finding.query_count / span) * 36000) / 10)} an hour` : null,
    ],
    ['Different names', number(finding.unique_name_count), 'unique_name_count'],
    ['Clients', number(finding.client_count), 'client_count'],
    ['Score', signed(finding.score), 'score', 'log10 odds'],
    ['First seen', time(finding.first_ts), 'first_ts'],
    ['Last seen', time(finding.last_ts), 'last_ts', span === null ? null : `after ${seconds(span)}`],
    ['Looks like', finding.family ? words(finding.family) : 'nothing known', 'family'],
    [
      'ATT&CK',
      finding.attack.length
        ? el(
            'span',
            {},
            finding.attack.flatMap((id, i) => [i ? ', ' : '', technique(id)]),
          )
        : '-',
      'attack',
    ],
    ['Finding', el('code', {}, safe(finding.finding_id)), 'finding_id'],
  ];
  if (finding.suppressed) {
    const { reason, owner, rule, expires } = finding.suppressed;
    pairs.push([
      'Suppressed',
      `${safe(reason)} (rule ${safe(rule)}${owner ? `, owner ${safe(owner)}` : ''}${expires ? `, until ${safe(expires)}` : ''})`,
      'suppressed',
    ]);
  }
  return el(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value, field, more]) =>
      el(
        'div',
        {},
        el('dt', {}, name),
        el('dd', { 'data-field': field }, value),
        more ? el('dd', { class: 'quiet' }, more) : null,
      ),
    ),
  );
}

function card(...children) {
  return el('figure', { class: 'card' }, ...children);
}

function waterfall(into, finding) {
  const ordered = [...finding.evidence].sort((a, b) => b.weight - a.weight);
  const weighty = ordered.filter((e) => Math.abs(e.weight) >= 0.005);
  const idle = ordered.filter((e) => !weighty.includes(e));
  const all = [
    { name: 'before looking', weight: finding.prior, prior: true },
    ...weighty.map((e) => ({ name: short(`${words(e.group || e.detector)}: ${words(e.feature)}`), weight: e.weight })),
    { name: 'score', weight: finding.score, total: true },
  ];
  const box = card();
  into.append(box);
  const held = idle.length ? `; ${number(idle.length)} more weigh nothing` : '';
  figure(box, {
    heading: 'Why: the evidence adds up to the score',
    size: height(all.length),
    words: `From ${signed(finding.prior)} before looking to a score of ${signed(finding.score)} by ${weighty.length} pieces of evidence${held}.`,
    make: () => waterfallChart(all),
    data: table(
      'Evidence in detail',
      ['Detector', 'Feature', 'Value', 'Unit', 'Group', 'Weight'],
      ordered.map(evidenceRow),
      [2, 5],
    ),
  });
  box.append(reasons(weighty, finding));
  if (idle.length)
    box.append(el('details', { class: 'idle' }, el('summary', {}, 'Looked at, weighs nothing'), reasons(idle, finding)));
}

function short(name) {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name;
}

function evidenceRow(e) {
  const value = e.value === null ? '-' : typeof e.value === 'number' ? number(e.value) : safe(e.value);
  return [safe(e.detector), safe(e.feature), value, safe(e.unit), safe(e.group), signed(e.weight)];
}

function reasons(evidence, finding) {
  const weight = (e) => el('span', { class: e.weight < 0 ? 'weight against' : 'weight' }, signed(e.weight));
  const said = (e) => el('span', { class: 'evidence' }, sentence(e.sentence, finding.registered_domain));
  return el(
    'ol',
    { class: 'reasons' },
    evidence.map((e) => el('li', {}, weight(e), ' ', said(e))),
  );
}

function drawDetail(into, finding) {
  const { detail } = finding;
  const add = (options) => {
    const box = card();
    into.append(box);
    figure(box, options);
  };
  if (detail?.timeline.length) timeline(add, detail);
  const kinds = Object.entries(finding.qtypes).sort((a, b) => b[1] - a[1]);
  if (kinds.length)
    add({
      heading: 'Record types',
      size: height(kinds.length),
      words: kinds.map(([kind, count]) => `${number(count)} ${safe(kind)}`).join(', ') + '.',
      make: () =>
        bars(
          kinds.map(([kind]) => safe(kind)),
          kinds.map(([, count]) => count),
          color('accent'),
        ),
      data: table(
        'Queries by record type',
        ['Type', 'Queries'],
        kinds.map(([kind, count]) => [safe(kind), number(count)]),
        [1],
      ),
    });
  if (detail?.rhythm)
    add({
      heading: 'Rhythm',
      words: `A query every ${seconds(detail.rhythm.period_s)}, jitter ${number(Math.round(detail.rhythm.jitter_ratio * 1000) / 10)} %, over ${number(detail.rhythm.beat_count)} beats.`,
      make: () => rhythmChart(detail.rhythm),
      data: table(
        'Gaps between queries',
        ['Beat', 'Gap'],
        detail.rhythm.gaps_s.map((gap, i) => [number(i + 1), seconds(gap)]),
        [1],
      ),
    });
  if (detail?.anatomy.length) anatomy(add, detail.anatomy);
  if (!into.children.length) into.append(el('p', { class: 'quiet' }, 'The report keeps no timeline of this finding.'));
}

function timeline(add, detail) {
  const points = detail.timeline.map((bucket) => ({ ...bucket, x: Date.parse(bucket.start_ts) }));
  const step = (detail.bucket_s ?? 3600) * 1000;
  const total = (field) => points.reduce((sum, point) => sum + (point[field] ?? 0), 0);
  const each = `in steps of ${seconds(step / 1000)} from ${time(detail.timeline[0].start_ts)}`;
  const rows = points.map((point) => [
    time(point.start_ts),
    number(point.query_count),
    bytes(point.up_bytes),
    bytes(point.down_bytes),
  ]);
  const data = (caption) => table(caption, ['From', 'Queries', 'Up', 'Down'], rows, [1, 2, 3]);
  add({
    heading: 'Queries over time',
    words: `${number(total('query_count'))} queries, ${each}.`,
    make: () => queriesChart(points, step),
    data: data('Queries over time'),
  });
  add({
    heading: 'Bytes over time',
    words: `${bytes(total('up_bytes'))} up, ${points.some((p) => p.down_bytes !== null) ? bytes(total('down_bytes')) : 'unknown'} down, ${each}.`,
    make: () => bytesChart(points, step),
    data: data('Bytes over time'),
  });
}

function anatomy(add, labels) {
  const most = labels.reduce((a, b) => (b.up_bytes > a.up_bytes ? b : a));
  const alphabet = (label) => safe(label.alphabet).slice(0, 40);
  add({
    heading: 'Where it stands in the name',
    words: `Label ${most.depth} from the domain carries the most: ${bytes(most.up_bytes)}, written as ${alphabet(most)}.`,
    size: height(labels.length),
    make: () =>
      bars(
        labels.map((label) => `label ${label.depth} · ${alphabet(label).slice(0, 16)}`),
        labels.map((label) => label.up_bytes),
        color('up'),
        {
          scales: { x: byteAxis('bytes up'), y: nameAxis },
          plugins: { tooltip: { callbacks: { label: (item) => bytes(item.raw) } } },
        },
      ),
    data: table(
      'Name anatomy',
      ['Label', 'Alphabet', 'Distinct', 'Mean length', 'Carries'],
      labels.map((label) => [
        number(label.depth),
        alphabet(label),
        number(label.distinct_count),
        number(label.mean_chars),
        bytes(label.up_bytes),
      ]),
      [2, 3, 4],
    ),
  });
}

function section(heading, ...children) {
  return el('section', { class: 'card' }, el('h3', {}, heading), ...children);
}

function names(finding) {
  if (!finding.sample_names.length) return null;
  const tail = finding.registered_domain === null ? null : `.${finding.registered_domain}`;
  const parts = (name) =>
    tail && name.toLowerCase().endsWith(tail)
      ? [el('mark', {}, safe(name.slice(0, -tail.length))), `.${defang(finding.registered_domain)}`]
      : [el('mark', {}, safe(name))];
  return section(
    'Sample names',
    el('p', { class: 'quiet' }, 'The marked part is what the client chose.'),
    el(
      'ul',
      { class: 'names' },
      finding.sample_names.map((name) => el('li', {}, el('code', {}, parts(name)))),
    ),
  );
}

function steps(finding) {
  return finding.next_steps.length
    ? section(
        'Next steps',
        el(
          'ol',
          { class: 'steps' },
          finding.next_steps.map((step) => el('li', {}, sentence(step, finding.registered_domain))),
        ),
      )
    : null;
}

function others(finding) {
  const clients = finding.detail?.other_clients ?? [];
  return section(
    'Other clients of the domain',
    clients.length
      ? el(
          'ul',
          { class: 'clients' },
          clients.map((client) => el('li', {}, el('code', {}, safe(client)))),
        )
      : el('p', { class: 'quiet' }, finding.detail ? 'None in this input.' : 'Not recorded.'),
  );
}

function queries(added) {
  if (!added.pivots.length)
    return section(
      'Look closer',
      el(
        'p',
        { class: 'quiet' },
        'Neither the client nor the domain can be written into a query: they hold control characters.',
      ),
    );
  return section(
    'Look closer',
    el('p', { class: 'quiet' }, 'Ready-made queries for the place where the logs are.'),
    added.pivots.map((pivot) => {
      const code = el('code', {}, pivot.text);
      const copy = el(
        'button',
        {
          type: 'button',
          class: 'copy',
          'aria-label': `Copy the ${pivot.language} query`,
          onclick: () => copyText(pivot.text, code, pivot.language),
        },
        'Copy',
      );
      return el(
        'div',
        { class: 'pivot' },
        el('div', { class: 'pivot-head' }, el('b', {}, pivot.language), el('span', { class: 'quiet' }, pivot.where), copy),
        el('pre', { tabindex: '0', role: 'region', 'aria-label': `${pivot.language} query` }, code),
      );
    }),
  );
}

async function copyText(text, code, language) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand('copy');
  }
  say(`${language} query copied`);
}
