// The hybrid demo's page: what its buttons do and what it draws. Times come from the server's monotonic clock.

import {bars, count, curves, html, logScale, decades, millis, roundDown, roundUp, svg, text} from './draw.js';
import {call, hold, isConnected} from './server.js';
import {openLab} from './lab.js';

const find = id => document.getElementById(id);
const RUNS_KEPT = 40;
const FACTORS = [1, 10, 100];

const EXAMPLES = [
  ['Busiest districts', 'SELECT district, COUNT(*) AS incidents, AVG(severity) AS severity\nFROM incidents GROUP BY district ORDER BY incidents DESC'],
  ['One street', "SELECT * FROM incidents\nWHERE street = 'ROSE HOUSE  ST' ORDER BY occurred_on DESC LIMIT 20 OFFSET 5"],
  ['A large answer', 'SELECT * FROM incidents WHERE severity >= 3 ORDER BY incident_id LIMIT 2000'],
  ['By hour', 'SELECT occurred_hour, kind, COUNT(*) AS incidents FROM incidents\nGROUP BY occurred_hour, kind ORDER BY incidents DESC LIMIT 30'],
  ['SHOW TABLES', 'SHOW TABLES'],
  ['DESCRIBE', 'DESCRIBE incidents'],
  ['EXPLAIN', 'EXPLAIN SELECT COUNT(*) FROM incidents WHERE district_no = 3'],
];

const runs = [];
const last = {database: null, cache: null};
let status = null;

// ---- small helpers

function tell(id, words, kind = '') {
  const element = find(id);
  element.textContent = words;
  element.className = `told ${kind}`;
}

async function busy(button, work) {
  button.disabled = true;
  try { await work(); } finally { button.disabled = false; }
}

// ---- theme and pages

const dark = matchMedia('(prefers-color-scheme: dark)');
function setTheme(name) { document.documentElement.dataset.theme = name; }
setTheme(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => setTheme(dark.matches ? 'dark' : 'light'));
find('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));

function showPage() {
  const page = location.hash === '#lab' ? 'lab' : 'hybrid';
  for (const name of ['hybrid', 'lab']) find(name).hidden = name !== page;
  document.querySelectorAll('nav a').forEach(link => link.classList.toggle('here', link.dataset.page === page));
  if (page === 'lab' && isConnected()) openLab();
  find('lab-locked').hidden = isConnected();
  scrollTo(0, 0);
}
addEventListener('hashchange', showPage);

// ---- the picture of the road

const isNarrow = () => innerWidth <= 560;

function drawRoad() {
  const off = status !== null && !status.running;
  const from = runs.length ? runs[runs.length - 1].origin : null;
  const link = status ? `${status.link.latencyMillis} ms each way` : 'a long line';
  const wide = !status || status.link.kilobitsPerSecond === 0 ? '' : `${status.link.kilobitsPerSecond / 1000} Mbit/s`;
  const box = (x, y, w, name, sub, kind) => [
    svg('rect', {x, y, width: w, height: 54, rx: 11, class: `box ${kind}`}),
    text(x + w / 2, y + 24, name, 'middle strong'), text(x + w / 2, y + 41, sub, 'middle')];
  // The same picture with shorter ways where there is little room, so that its words stay as large.
  const [width, cacheX, databaseX, wordsX] = isNarrow() ? [400, 160, 270, 190] : [640, 250, 480, 320];
  find('road').setAttribute('viewBox', `0 0 ${width} 150`);
  find('road').replaceChildren(
    svg('line', {x1: 120, y1: 75, x2: cacheX, y2: 36, 'stroke-width': from === 'cache' ? 4 : 2, class: from === 'cache' ? 'line-cache' : 'line-soft'}),
    svg('line', {x1: 120, y1: 75, x2: databaseX, y2: 112, 'stroke-width': from === 'database' ? 4 : 2,
      class: `dashed ${off ? 'line-bad' : from === 'database' ? 'line-database' : 'line-soft'}`}),
    ...box(4, 48, 116, 'Application', 'this page', ''),
    ...box(cacheX, 6, 126, 'Cache', 'Cistern, beside it', 'cache'),
    ...box(databaseX, 88, 126, 'Database', off ? 'stopped' : 'far away', off ? 'off' : 'database'),
    text(wordsX, 124, link, 'middle'), text(wordsX, 139, wide, 'middle'));
}

// ---- connection

async function begin() {
  const start = await call('start');
  const form = find('connect');
  form.url.value = start.url;
  form.user.value = start.user;
  form.password.value = '';
  find('password-hint').textContent = start.isEmbedded
    ? 'The demo brought this database along. Its password stands in the terminal. It is asked each time and stored nowhere.'
    : 'The password is asked each time and stored nowhere.';
  find('sample').rows.value = start.rows;
  find('sample').rows.max = start.mostRows;
  find('node').textContent = `Cistern on 127.0.0.1:${start.nodePort} · TLS · AUTH`;
  lock();
}

function lock() {
  document.querySelectorAll('.needs-connection').forEach(card => {
    card.classList.toggle('waiting', !isConnected());
    card.inert = !isConnected();
  });
}

find('connect').addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  busy(form.querySelector('button'), async () => {
    tell('connected', 'Connecting …');
    try {
      const answer = await call('connect', {url: form.url.value, user: form.user.value, password: form.password.value});
      hold(answer.token);
      tell('connected', `Connected to ${answer.database}.`, 'good');
      show(answer.status);
    } catch (failure) {
      tell('connected', failure.message, 'bad');
    }
    form.password.value = '';
    lock();
  });
});

// ---- status, link, switch

function show(now) {
  status = now;
  find('latency').value = now.link.latencyMillis;
  find('latency-told').textContent = `${now.link.latencyMillis} ms`;
  find('bandwidth').value = now.link.kilobitsPerSecond;
  find('running').checked = now.running;
  find('running-told').textContent = now.running ? 'The database is running'
    : now.isEmbedded ? 'The database is stopped' : 'The line to the database is cut';
  drawRoad();
}

async function change(name, body) {
  try {
    show(await call(name, body));
  } catch (failure) {
    tell('told', failure.message, 'bad');
    if (status) show(status);
  }
}

const setLink = () => change('link', {latencyMillis: Number(find('latency').value), kilobitsPerSecond: Number(find('bandwidth').value)});
find('latency').addEventListener('input', () => { find('latency-told').textContent = `${find('latency').value} ms`; });
find('latency').addEventListener('change', setLink);
find('bandwidth').addEventListener('change', setLink);
find('running').addEventListener('change', () => change('database', {running: find('running').checked}));

// ---- sample

find('sample').addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  busy(form.querySelector('button'), async () => {
    try {
      let {sample} = await call('sample', {rows: Number(form.rows.value)});
      while (sample.isRunning) {
        showProgress(sample);
        await new Promise(later => setTimeout(later, 200));
        ({sample} = await call('status'));
      }
      showProgress(sample);
    } catch (failure) {
      find('sample-told').textContent = failure.message;
    }
  });
});

function showProgress(sample) {
  const part = sample.total ? Math.round(100 * sample.done / sample.total) : 0;
  find('bar').style.width = `${part}%`;
  find('bar').parentElement.setAttribute('aria-valuenow', part);
  find('sample-told').textContent = sample.failure ?? (sample.isRunning
    ? `${count(sample.done)} of ${count(sample.total)} rows`
    : `${count(sample.done)} rows are in the table incidents.`);
}

// ---- queries

for (const [name, sql] of EXAMPLES) {
  const chip = html('button', {type: 'button'}, name);
  chip.addEventListener('click', () => { find('ask').sql.value = sql; find('ask').sql.focus(); });
  find('examples').append(chip);
}
find('ask').sql.value = EXAMPLES[0][1];

find('ask').addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  const sql = form.sql.value;
  busy(form.querySelector('button'), async () => {
    tell('told', 'Asking …');
    try {
      showRun(sql, await call('query', {sql}));
    } catch (failure) {
      tell('told', failure.message, 'bad');
    }
  });
});
find('ask').sql.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) find('ask').requestSubmit();
});

function showRun(sql, answer) {
  tell('told', answer.messages.join(' '), answer.status === 'ok' ? '' : 'bad');
  if (answer.status !== 'ok') { showRows(null); return; }
  // The two boxes compare one query with itself; another query empties the other box.
  const other = answer.origin === 'cache' ? 'database' : 'cache';
  if (last[other] && last[other].sql !== sql) last[other] = null;
  last[answer.origin] = {sql, time: answer.time, rows: answer.rowCount};
  runs.push({origin: answer.origin, time: answer.time});
  if (runs.length > RUNS_KEPT) runs.shift();
  for (const origin of ['database', 'cache']) showBox(origin, answer.origin === origin);
  const both = last.database && last.cache;
  find('speed-up').firstElementChild.textContent = both ? `${(last.database.time / last.cache.time).toPrecision(3)}` : '–';
  drawHistory();
  drawRoad();
  showRows(answer.data, answer.rowCount);
}

function showBox(origin, isNew) {
  const box = find(`run-${origin}`);
  const run = last[origin];
  box.classList.toggle('new', isNew);
  box.querySelector('.time').textContent = run ? millis(run.time) : '–';
  box.querySelector('.rows').textContent = run ? `${count(run.rows)} ${run.rows === 1 ? 'row' : 'rows'}`
    : origin === 'cache' ? 'ask a second time' : 'not asked yet';
}

function drawHistory() {
  const [width, kept] = isNarrow() ? [360, RUNS_KEPT / 2] : [760, RUNS_KEPT];
  const [height, left, floor, ceiling] = [190, 56, 168, 10];
  const shown = runs.slice(-kept);
  const times = shown.map(run => run.time);
  const lowest = roundDown(Math.min(...times, 1));
  const highest = roundUp(Math.max(...times, 10));
  const y = logScale(lowest, highest, floor, ceiling);
  const step = (width - left - 6) / kept;
  const shapes = [];
  for (const value of decades(lowest, highest)) {
    shapes.push(svg('line', {x1: left, x2: width, y1: y(value), y2: y(value), class: 'axis'}), text(left - 8, y(value) + 4, millis(value), 'end'));
  }
  shown.forEach((run, at) => shapes.push(svg('rect', {x: left + 3 + at * step, y: y(run.time), width: step - 4, rx: 3,
    height: Math.max(2, floor - y(run.time)), class: `fill-${run.origin}`}, svg('title', {}, `${run.origin}, ${millis(run.time)}`))));
  shapes.push(text(left, height - 6, 'older'), text(width - 4, height - 6, `the last ${kept}, each on its own bar`, 'end'));
  find('history').setAttribute('viewBox', `0 0 ${width} ${height}`);
  find('history').replaceChildren(...shapes);
}

function showRows(data, total = 0) {
  find('rows-title').hidden = data === null;
  if (data === null) { find('rows').replaceChildren(); return; }
  find('rows-title').textContent = data.rows.length < total ? `Rows: the first ${data.rows.length} of ${count(total)}` : 'Rows';
  const cell = value => value === null ? html('td', {class: 'null'}, 'null') : html('td', {}, value);
  find('rows').replaceChildren(html('table', {},
    html('thead', {}, html('tr', {}, ...data.columns.map(name => html('th', {}, name)))),
    html('tbody', {}, ...data.rows.map(row => html('tr', {}, ...row.map(cell))))));
}

find('clear').addEventListener('click', event => busy(event.target, async () => {
  try {
    const {removed} = await call('clear');
    tell('told', `${count(removed)} ${removed === 1 ? 'key' : 'keys'} removed from the cache, and none but the demo’s.`);
  } catch (failure) {
    tell('told', failure.message, 'bad');
  }
}));

// ---- load

const factor = () => FACTORS[Number(find('factor').value)];
const showFactor = () => { find('factor-told').textContent = `${factor()}×: ${count(10 * factor())} readers a second`; };
find('factor').addEventListener('input', showFactor);
showFactor();

find('load').addEventListener('submit', event => {
  event.preventDefault();
  busy(event.target.querySelector('button'), async () => {
    try {
      tell('load-told', 'The database alone …');
      const without = await call('load', {factor: factor(), withCache: false});
      drawLoad([without]);
      tell('load-told', 'Now with the cache …');
      const both = [without, await call('load', {factor: factor(), withCache: true})];
      drawLoad(both);
      tell('load-told', both.map(sayLoad).join(' · '));
    } catch (failure) {
      tell('load-told', failure.message, 'bad');
    }
  });
});

function sayLoad(run) {
  const who = run.withCache ? 'with the cache' : 'database alone';
  return `${who}: ${count(run.answered)} of ${count(run.asked)} answered, half of them within ${millis(run.medianMillis)}`;
}

function drawLoad(both) {
  find('plots').hidden = false;
  const kind = run => run.withCache ? 'cache' : 'database';
  curves(find('plot-time'), both.map(run => ({kind: kind(run),
    points: run.buckets.filter(bucket => bucket.medianMillis >= 0).map(bucket => [bucket.atMillis / 1000, Math.max(bucket.medianMillis, 0.05)])}))
    .filter(line => line.points.length > 1),
  {logarithmic: true, yLabel: millis, xLabel: value => `${value.toFixed(1)} s`});
  bars(find('plot-fate'), both.map(run => ({label: run.withCache ? 'with the cache' : 'database alone', bars: [
    {value: run.answered, kind: kind(run), title: `${count(run.answered)} answered`},
    {value: run.turnedAway, kind: 'soft', title: `${count(run.turnedAway)} turned away`},
    {value: run.failed, kind: 'bad', title: `${count(run.failed)} failed`}]})), {height: 230});
}

// ---- go

drawRoad();
drawHistory();
addEventListener('resize', () => { drawRoad(); drawHistory(); });
lock();
begin().then(showPage).catch(failure => {
  tell('connected', failure.message, 'bad');
  find('connect').querySelectorAll('input, button').forEach(field => { field.disabled = true; });
});
