// How things are shown: elements made node by node (never from text as markup), values escaped, units for people.

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu;
const LEVELS = ['critical', 'high', 'medium', 'low', 'info'];
const SURE = ['high', 'medium', 'low'];

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function safe(text) {
  return String(text).replace(UNSAFE, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

function defang(name) {
  const text = safe(name),
    dot = text.lastIndexOf('.');
  return dot < 0 ? text : `${text.slice(0, dot)}[.]${text.slice(dot + 1)}`;
}

function bytes(count) {
  if (count === null || count === undefined) return '-';
  if (count < 1000) return `${Math.round(count)} B`;
  let size = count;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    size /= 1000;
    if (size < 999.5) return `${size < 9.95 ? size.toFixed(1) : size.toFixed(0)} ${unit}`;
  }
  return `${size.toFixed(0)} PB`;
}

function number(value) {
  return value === null || value === undefined ? '-' : value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function seconds(span) {
  for (const [unit, size] of [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
  ])
    if (span >= 2 * size) return `${(span / size).toFixed(1)} ${unit}`;
  return span >= 1 ? `${span.toFixed(1)} s` : `${Math.round(span * 1000)} ms`;
}

function time(text) {
  return text ? text.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC') : '-';
}

// A sentence about a finding, with the finding's domain defanged wherever it stands.
function sentence(text, domain) {
  return domain === null ? safe(text) : safe(text).replaceAll(safe(domain), () => defang(domain));
}

function words(kind) {
  return safe(kind).replaceAll('_', ' ');
}

function who(finding) {
  if (finding.client !== null) return safe(finding.client);
  return finding.client_count > 1 ? `${number(finding.client_count)} clients` : 'unknown client';
}

function what(finding) {
  return finding.registered_domain === null ? 'many domains' : defang(finding.registered_domain);
}

function badge(level) {
  return el('span', { class: `badge ${level}` }, level);
}

function table(caption, heads, rows, numeric = []) {
  const cell = (tag, value, i, more = {}) => el(tag, { class: numeric.includes(i) ? 'number' : null, ...more }, value);
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    el(
      'table',
      { class: 'plain' },
      el('caption', { class: 'unseen' }, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          heads.map((head, i) => cell('th', head, i, { scope: 'col' })),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((row) =>
          el(
            'tr',
            {},
            row.map((value, i) => (i ? cell('td', value, i) : cell('th', value, i, { scope: 'row' }))),
          ),
        ),
      ),
    ),
  );
}

function say(text) {
  document.getElementById('said').textContent = text;
}
