// The list of findings: filter, sort, pages. Only one page of rows is in the document.

const PAGE = 50;
const PRINTED = 1000; // rows of the list on paper
const HEADS = [
  ['severity', 'Severity'],
  ['confidence', 'Confidence'],
  ['client', 'Client'],
  ['registered_domain', 'Domain'],
  ['kind', 'Kind'],
  ['up_bytes', 'Up'],
  ['down_bytes', 'Down'],
  ['query_count', 'Queries'],
  ['last_ts', 'Last seen'],
];
const NUMERIC = ['up_bytes', 'down_bytes', 'query_count'];
const view = { text: '', severity: '', confidence: '', kind: '', suppressed: false, sort: null, down: true, page: 0, size: PAGE };

function chosen() {
  const sought = view.text.toLowerCase().replaceAll('[.]', '.');
  const rows = ROWS.filter(
    (row) =>
      (view.suppressed || !row.suppressed) &&
      (!view.severity || row.severity === view.severity) &&
      (!view.confidence || (view.confidence === 'alert' ? row.confidence !== 'low' : row.confidence === view.confidence)) &&
      (!view.kind || row.kind === view.kind) &&
      (!sought || row.text.includes(sought)),
  );
  if (!view.sort) return rows;
  const rank =
    { severity: (row) => -LEVELS.indexOf(row.severity), confidence: (row) => -SURE.indexOf(row.confidence) }[view.sort] ??
    ((row) => row[view.sort]);
  const order = (a, b) =>
    a === null ? (b === null ? 0 : 1) : b === null ? -1 : (a < b ? -1 : a > b ? 1 : 0) * (view.down ? -1 : 1);
  return rows.toSorted((a, b) => order(rank(a), rank(b)));
}

function list() {
  const kinds = [...new Set(ROWS.map((row) => row.kind))].sort();
  const choose = (name, label, values) =>
    el(
      'label',
      {},
      el('span', {}, label),
      el(
        'select',
        {
          id: `filter-${name}`,
          onchange: (event) => {
            view[name] = event.target.value;
            view.page = 0;
            rows();
          },
        },
        el('option', { value: '' }, 'all'),
        values.map((value) => el('option', { value }, words(value))),
      ),
    );
  const hidden = ROWS.filter((row) => row.suppressed).length;
  document.getElementById('findings').replaceChildren(
    el('h2', { id: 'findings-heading' }, 'Findings'),
    el(
      'form',
      { class: 'filters', role: 'search', 'aria-label': 'Filter findings', onsubmit: (event) => event.preventDefault() },
      el(
        'label',
        { class: 'grow' },
        el('span', {}, 'Filter'),
        el('input', {
          id: 'filter-text',
          type: 'search',
          placeholder: 'client, domain, words, id',
          autocomplete: 'off',
          oninput: (event) => {
            view.text = event.target.value;
            view.page = 0;
            rows();
          },
        }),
      ),
      choose('severity', 'Severity', LEVELS),
      choose('confidence', 'Confidence', ['alert', ...SURE]),
      choose('kind', 'Kind', kinds),
      hidden
        ? el(
            'label',
            { class: 'check' },
            el('input', {
              id: 'filter-suppressed',
              type: 'checkbox',
              checked: view.suppressed,
              onchange: (event) => {
                view.suppressed = event.target.checked;
                view.page = 0;
                rows();
              },
            }),
            el('span', {}, `show ${number(hidden)} suppressed`),
          )
        : null,
    ),
    el(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'List of findings' },
      el(
        'table',
        { id: 'list' },
        el('caption', { class: 'unseen' }, 'Findings, weightiest first; the buttons in the head sort'),
        el('thead', {}, el('tr', {}, HEADS.map(head))),
        el('tbody', {}),
      ),
    ),
    el('nav', { id: 'pages', class: 'between', 'aria-label': 'Pages of findings' }),
  );
  rows();
}

function head([field, name]) {
  const press = () => {
    view.down = view.sort === field ? !view.down : !['client', 'registered_domain', 'kind'].includes(field);
    view.sort = field;
    view.page = 0;
    rows();
  };
  return el(
    'th',
    { scope: 'col', class: NUMERIC.includes(field) ? 'number' : null, 'data-field': field },
    el('button', { type: 'button', onclick: press }, name),
  );
}

function rows() {
  const found = chosen(),
    pages = Math.max(1, Math.ceil(found.length / view.size));
  view.page = Math.min(view.page, pages - 1);
  const first = view.page * view.size;
  for (const th of document.querySelectorAll('#list thead th')) {
    if (th.dataset.field === view.sort) th.setAttribute('aria-sort', view.down ? 'descending' : 'ascending');
    else th.removeAttribute('aria-sort');
  }
  document
    .querySelector('#list tbody')
    .replaceChildren(
      ...(found.length
        ? found.slice(first, first + view.size).map(line)
        : [
            el(
              'tr',
              {},
              el(
                'td',
                { colspan: HEADS.length, class: 'none' },
                ROWS.length ? 'No finding matches the filter.' : 'No findings.',
              ),
            ),
          ]),
    );
  const turn = (to, name) =>
    el(
      'button',
      {
        type: 'button',
        disabled: to < 0 || to >= pages,
        onclick: () => {
          view.page = to;
          rows();
          document.getElementById('findings').scrollIntoView();
        },
      },
      name,
    );
  document
    .getElementById('pages')
    .replaceChildren(
      el(
        'span',
        { id: 'shown', class: 'quiet' },
        found.length
          ? `${number(first + 1)} to ${number(Math.min(first + view.size, found.length))} of ${number(found.length)}`
          : '0 of 0',
      ),
      ...(pages > 1 ? [turn(view.page - 1, 'Previous page'), turn(view.page + 1, 'Next page')] : []),
    );
  say(`${number(found.length)} findings`);
}

function line(row) {
  const cells = [
    badge(row.severity),
    row.confidence,
    el('span', { class: 'name' }, who(row)),
    el('a', { class: 'name', href: `#finding-${encodeURIComponent(row.finding_id)}` }, what(row)),
    words(row.kind),
    bytes(row.up_bytes),
    bytes(row.down_bytes),
    number(row.query_count),
    time(row.last_ts),
  ];
  const why = el('p', { class: 'why' }, sentence(row.summary || TITLES[row.kind], row.registered_domain));
  const open = (event) => {
    if (!event.target.closest('a') && !String(getSelection())) location.hash = `finding-${encodeURIComponent(row.finding_id)}`;
  };
  return el(
    'tr',
    { class: row.suppressed ? 'faded' : null, 'data-id': row.finding_id, onclick: open },
    cells.map((cell, i) => {
      const more = i === 3 ? [why] : [];
      return el(
        i === 3 ? 'th' : 'td',
        { scope: i === 3 ? 'row' : null, class: NUMERIC.includes(HEADS[i][0]) ? 'number' : null, 'data-label': HEADS[i][1] },
        cell,
        ...more,
      );
    }),
  );
}
