// Start: read the index, draw the overview and the list, follow the address, listen to keys.

const INDEX = JSON.parse(document.getElementById('index').textContent);
const TITLES = INDEX.titles;
const ROWS = INDEX.rows.map((values, at) => {
  const row = Object.fromEntries(INDEX.columns.map((column, i) => [column, values[i]]));
  row.at = at;
  row.text = [row.finding_id, row.client, row.registered_domain, row.kind, row.family, row.summary, row.severity]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return row;
});
let current = null;

function follow() {
  let id = null;
  try {
    id = decodeURIComponent(location.hash).match(/^#finding-(.+)$/s)?.[1] ?? null;
  } catch {
    /* an address that is no address */
  }
  const row = id === null ? null : ROWS.find((one) => one.finding_id === id);
  const article = document.getElementById('finding');
  for (const part of ['overview', 'findings']) document.getElementById(part).hidden = Boolean(row);
  article.hidden = !row;
  if (row) {
    const order = chosen(),
      place = order.indexOf(row);
    openFinding(row, {
      before: order[place - 1],
      after: order[place + 1],
      place: place < 0 ? '' : `${number(place + 1)} of ${number(order.length)}`,
    });
    document.title = `${who(row)} → ${what(row)} · molehunt report`;
    scrollTo(0, 0);
    document.getElementById('finding-heading').focus({ preventScroll: true });
  } else {
    forget(article);
    article.replaceChildren();
    document.title = 'molehunt report';
    if (current)
      [...document.querySelectorAll('#list tr')]
        .find((tr) => tr.dataset.id === current.finding_id)
        ?.querySelector('a')
        ?.focus();
    if (id !== null) say('There is no finding of this id in the report.');
  }
  current = row;
}

// On paper there are no pages to turn: print the list in one piece, then go back to where the reader was.
let reading = 0;
addEventListener('beforeprint', () => {
  reading = view.page;
  Object.assign(view, { size: PRINTED, page: 0 });
  rows();
});
addEventListener('afterprint', () => {
  Object.assign(view, { size: PAGE, page: reading });
  rows();
});

addEventListener('hashchange', follow);
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select')) return;
  const pressed = { j: 'a[rel=next]', k: 'a[rel=prev]', Escape: 'a.back' }[event.key];
  const link = pressed && document.querySelector(`#finding:not([hidden]) ${pressed}`);
  if (link) link.click();
  else if (event.key === 'j' && !current) document.querySelector('#list tbody a')?.focus();
  else if (event.key === '/') {
    if (current) location.hash = 'findings';
    setTimeout(() => document.getElementById('filter-text').focus());
    event.preventDefault();
  }
});

view.suppressed = INDEX.show_suppressed;
overview(ROWS);
list();
follow();
