"""The page's script: values under the pointer, the choice of a cell, sorting.

It only adds to what is there: every number that it shows stands in the page already. Text is set
by ``textContent``, so names stay text.
"""

SCRIPT = """
'use strict';
document.documentElement.classList.add('js');
const all = (where, what) => [...where.querySelectorAll(what)];
const make = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const format = (text, digits) => text === '' ? '\\u2013' : Number(text).toFixed(digits);
const signed = value => {
  if (Number.isNaN(value)) return '\\u2013';
  const size = Math.abs(value).toFixed(1);
  return Number(size) === 0 ? size : (value < 0 ? '\\u2212' : '+') + size;
};

// Curves: the values of all models at one degree, by pointer, tap or arrow keys.
for (const panel of all(document, '.panel')) {
  const plot = panel.querySelector('.plot');
  const svg = plot.querySelector('svg');
  const cursor = svg.querySelector('.cursor');
  const width = svg.viewBox.baseVal.width;
  const columns = new Map();
  for (const point of all(svg, '[data-x]')) {
    const x = Number(point.dataset.x);
    if (!columns.has(x)) columns.set(x, []);
    columns.get(x).push(point);
  }
  const xs = [...columns.keys()].sort((a, b) => a - b);
  if (!xs.length) continue;
  const kind = panel.querySelector('figcaption').textContent;
  const tip = plot.appendChild(make('div', 'tip'));
  tip.setAttribute('aria-hidden', 'true');
  tip.hidden = true;
  const probe = plot.appendChild(make('div', 'probe'));
  probe.tabIndex = 0;
  const say = pairs => {
    for (const [key, value] of Object.entries(pairs)) probe.setAttribute(key, value);
  };
  say({role: 'slider', 'aria-label': kind + ': values at a degree', 'aria-valuemin': 1,
    'aria-valuemax': xs.length, 'aria-valuenow': 1, 'aria-valuetext': 'none chosen'});
  let chosen = -1;
  const show = place => {
    chosen = Math.max(0, Math.min(xs.length - 1, place));
    const x = xs[chosen];
    const points = columns.get(x);
    const at = points[0].dataset.at;
    tip.replaceChildren(make('b', '', kind + ' ' + at));
    const spoken = [];
    for (const point of points) {
      const line = point.parentNode;
      const row = tip.appendChild(make('div', 'named ' + line.classList[1]));
      const mark = row.appendChild(document.importNode(svg, false));
      mark.removeAttribute('role');
      mark.removeAttribute('aria-label');
      mark.setAttribute('class', 'mark ' + line.classList[1]);
      mark.setAttribute('viewBox', '-5 -5 10 10');
      const shape = mark.appendChild(point.cloneNode(false));
      shape.removeAttribute('transform');
      for (const key of Object.keys(shape.dataset)) delete shape.dataset[key];
      row.appendChild(make('span', '', line.dataset.name));
      const value = format(point.dataset.v, 2);
      row.appendChild(make('output', '', value));
      spoken.push(line.dataset.name + ' ' + value);
    }
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    cursor.classList.add('on');
    tip.hidden = false;
    const share = x / width;
    tip.style.left = share < 0.5 ? 100 * share + 4 + '%' : 'auto';
    tip.style.right = share < 0.5 ? 'auto' : 100 * (1 - share) + 4 + '%';
    say({'aria-valuenow': chosen + 1, 'aria-valuetext': at + ': ' + spoken.join(', ')});
  };
  const hide = () => {
    chosen = -1;
    tip.hidden = true;
    cursor.classList.remove('on');
  };
  const point = event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * width;
    const gaps = xs.map(one => Math.abs(one - x));
    show(gaps.indexOf(Math.min(...gaps)));
  };
  probe.addEventListener('pointermove', point);
  probe.addEventListener('pointerdown', point);
  probe.addEventListener('pointerleave', event => {
    if (event.pointerType === 'mouse' && document.activeElement !== probe) hide();
  });
  probe.addEventListener('blur', hide);
  const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1};
  probe.addEventListener('keydown', event => {
    if (event.key in steps) show(chosen < 0 ? 0 : chosen + steps[event.key]);
    else if (event.key === 'Home') show(0);
    else if (event.key === 'End') show(xs.length - 1);
    else if (event.key === 'Escape') return hide();
    else return;
    event.preventDefault();
  });
}

// Tables: a button in each heading sorts by its column; what has no number goes last.
for (const table of all(document, 'table.sortable')) {
  const heads = all(table, 'th[data-col]');
  for (const head of heads) {
    const button = make('button', 'sort');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const old = head.getAttribute('aria-sort');
      const up = old ? old === 'descending' : head.dataset.col === '0';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const column = Number(head.dataset.col);
      const body = table.tBodies[0];
      const key = row => {
        const cell = row.cells[column];
        return 'v' in cell.dataset ? cell.dataset.v : cell.textContent;
      };
      const numeric = [...body.rows].some(row => 'v' in row.cells[column].dataset);
      const rows = [...body.rows].map(row => [key(row), row]);
      const collator = new Intl.Collator('en', {numeric: true});
      rows.sort(([a], [b]) => {
        if (a === '' || b === '') return (a === '') - (b === '');
        return (numeric ? a - b : collator.compare(a, b)) * (up ? 1 : -1);
      });
      body.append(...rows.map(([, row]) => row));
    });
  }
}

// Classes: the numbers of the chosen cell, taken from the tables of all numbers.
const select = document.getElementById('cell');
if (select) {
  const first = 4; // after the cell's name, mIoU, mAcc and aAcc
  const models = all(document, 'table.all').map(table =>
    new Map(all(table, 'tr[data-cell]').map(row => [row.dataset.cell, row])));
  const table = document.getElementById('classes-table');
  select.addEventListener('change', () => {
    const option = select.selectedOptions[0];
    for (const head of all(document, '[data-chosen]'))
      (head.querySelector('button') || head).textContent = option.textContent;
    for (const row of table.tBodies[0].rows) {
      models.forEach((cells, model) => {
        const source = cells.get(select.value);
        const text = source ? source.cells[first + Number(row.dataset.class)].dataset.v : '';
        const [clean, value, gap] = [...row.cells].slice(1 + 3 * model, 4 + 3 * model);
        value.dataset.v = text;
        value.textContent = format(text, 1);
        value.style.setProperty('--v', text === '' ? 0 : Number(text).toFixed(1));
        const known = text !== '' && clean.dataset.v !== '';
        const lost = known ? Number(text) - Number(clean.dataset.v) : NaN;
        gap.dataset.v = known ? lost.toFixed(4) : '';
        gap.textContent = signed(lost);
      });
    }
    for (const head of all(table, '[aria-sort]')) head.removeAttribute('aria-sort');
  });
}
"""
