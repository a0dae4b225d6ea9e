// The page: asks for the cluster's state every two seconds and draws the view that is chosen. No library, no build step;
// everything that comes from the cluster is put in as text, never as HTML.
'use strict';

const period = 2000;
const $ = (id) => document.getElementById(id);
const views = ['hosts', 'actors', 'tree', 'nodes', 'pods'];

let token = '';           // a bearer token; in memory only
let state = null;         // the newest answer
let before = null;        // the one before, for times per message
let view = 'hosts';
let sort = {actors: {by: 'rate', down: true}, pods: {by: 'namespace', down: false}, nodes: {by: 'name', down: false}};
let paused = false;
let timer = 0;

// ---- making elements ----

function el(tag, props, ...children) {
  const item = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, run] of Object.entries(value)) item.addEventListener(event, run);
    else if (name === 'part') item.style.setProperty('--part', value);
    else item.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false) item.append(child);
  return item;
}

const number = (value, digits = 0) =>
  value.toLocaleString('en', {minimumFractionDigits: digits, maximumFractionDigits: digits});
const bytes = (value) => {
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]])
    if (value >= size) return `${number(value / size, 1)} ${unit}`;
  return `${value} B`;
};
const duration = (seconds) => {
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60]])
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
};
const micros = (value) => value >= 1e6 ? `${number(value / 1e6, 1)} s` : value >= 1000 ? `${number(value / 1000, 1)} ms` : `${number(value, value < 10 ? 1 : 0)} µs`;
const tone = (text) => ({running: 'good', up: 'good', Ready: 'good', Running: 'good', Succeeded: 'faint', starting: 'warn', slow: 'warn',
  Pending: 'warn', ContainerCreating: 'warn', Terminating: 'warn', stopped: 'faint'})[text] || 'bad';
const badge = (text) => el('span', {class: tone(text)}, text);

// ---- asking ----

async function ask(path, body) {
  const headers = {Accept: 'application/json'};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, {method: body ? 'POST' : 'GET', headers, cache: 'no-store', body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(body ? 60000 : 10000)});
  const value = await answer.json().catch(() => ({}));
  if (answer.ok) return value;
  const error = new Error(value.error || value.message || `the server answered ${answer.status}`);
  error.code = answer.status;
  throw error;
}

function say(text, kind = 'bad') {
  $('status').textContent = text;
  $('status').className = text ? kind : '';
}

async function refresh() {
  clearTimeout(timer);
  try {
    const next = await ask('/troupe/v1/state');
    before = state;
    state = next;
    $('login').hidden = true;
    if ($('status').className === 'bad offline') say('');
    draw();
  } catch (error) {
    if (error.code === 401 || error.code === 403) return signIn(error, !token && state === null);
    say(`No news from the API: ${error.message}`, 'bad offline');
  }
  if (!paused) timer = setTimeout(refresh, period);
}

function signIn(error, quietly) {
  token = '';
  state = null;
  $('view').replaceChildren();
  $('login').hidden = false;
  $('who').textContent = '';
  say(quietly ? '' : `Not let in: ${error.message}`);
  $('token').focus();
}

// ---- what is shown ----

const actorsOf = (value) => value.hosts.flatMap((host) => host.actors.map((actor) => ({...actor, host: host.name})));

/// Mean handling time since the last refresh, else since the actor's start.
function meanMicros(actor) {
  const host = before && before.hosts.find((item) => item.name === actor.host);
  const old = host && host.actors.find((item) => item.id === actor.id);
  const count = old ? actor.handled - old.handled : actor.handled;
  const seconds = old ? actor.seconds - old.seconds : actor.seconds;
  return count > 0 ? seconds / count * 1e6 : 0;
}

function matches(...texts) {
  const wanted = $('filter').value.trim().toLowerCase();
  return !wanted || texts.some((text) => String(text).toLowerCase().includes(wanted));
}

/// `held`: data-focus of what had the focus.
function focusAgain(held) {
  const again = held && document.querySelector(`[data-focus="${CSS.escape(held)}"]`);
  if (again) again.focus({preventScroll: true});
}

function draw() {
  const held = document.activeElement && document.activeElement.dataset.focus;
  const scroll = window.scrollY;
  for (const button of $('tabs').children)
    if (button.dataset.view === view) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  if (state) {
    $('view').replaceChildren({hosts: drawHosts, actors: drawActors, tree: drawTree, nodes: drawNodes, pods: drawPods}[view]());
    const actors = actorsOf(state);
    const rate = actors.reduce((sum, actor) => sum + actor.rate, 0);
    $('summary').textContent = `${state.hosts.length} ${state.hosts.length === 1 ? 'host' : 'hosts'} · ${actors.length} actors · ${number(rate)} messages/s · ` +
      `${state.nodeCounts.ready}/${state.nodeCounts.total} nodes ready · ${state.podCounts.ready}/${state.podCounts.total} pods ready` + (paused ? ' · paused' : '');
    $('who').textContent = state.user;
  }
  // Whoever works with the keyboard keeps their place although the view is new.
  focusAgain(held);
  window.scrollTo(0, scroll);
}

function actions(actor) {
  if (!state.mayAct || actor.role === 'supervisor' || actor.role === 'directory' || actor.role === 'readiness') return null;
  const button = (what, run) => el('button', {type: 'button', class: 'act', 'aria-label': `${what} ${actor.id} on ${actor.host}`,
    'data-focus': `${what} ${actor.host} ${actor.id}`, on: {click: () => run(actor)}}, what);
  // A part of a role ends and moves with it.
  const whole = !actor.parent || actor.parent.startsWith('supervisor');
  return [button('kill', kill), whole && state.hosts.length > 1 ? [' ', button('move', move)] : null,
    whole && /^(controllers\/|scheduler)/.test(actor.id) ? [' ', button('swap', swap)] : null];
}

function drawHosts() {
  return el('div', {class: 'cards'}, state.hosts.filter((host) => matches(host.name, ...host.actors.map((actor) => actor.id))).map((host) => {
    const roles = host.actors.filter((actor) => actor.parent.startsWith('supervisor/') && matches(host.name, actor.id));
    const top = Math.max(1, ...roles.map((actor) => actor.rate));
    return el('article', {class: 'card', 'aria-label': `Host ${host.name}`},
      el('header', {}, el('h2', {}, host.name), el('span', {class: 'faint'}, `troupe ${host.version}`)),
      el('dl', {},
        el('dt', {}, 'up for'), el('dd', {}, duration(state.timeMicros / 1e6 - host.startSeconds)),
        el('dt', {}, 'memory'), el('dd', {}, bytes(host.residentBytes)),
        host.links.length ? [el('dt', {}, 'links'), el('dd', {}, host.links.map((link) => el('div', {}, `${link.peer} `, badge(link.state),
          link.roundTripMicros >= 0 ? ` ${micros(link.roundTripMicros)}` : '', ` ↓${bytes(link.bytesIn)} ↑${bytes(link.bytesOut)}`,
          link.reason ? el('span', {class: 'faint'}, ` ${link.reason}`) : null)))] : null),
      el('h3', {}, 'Roles'),
      el('table', {}, el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'role'), el('th', {scope: 'col'}, 'state'),
        el('th', {scope: 'col', class: 'n'}, 'msg/s'), el('th', {scope: 'col', class: 'n'}, 'mailbox'), el('th', {}))),
      el('tbody', {}, roles.map((actor) => ({...actor, host: host.name})).map((actor) => el('tr', {},
        el('td', {}, actor.id, actor.epoch ? el('span', {class: 'faint'}, ` epoch ${actor.epoch}`) : null),
        el('td', {title: actor.failure}, badge(actor.state), actor.restarts ? el('span', {class: 'faint'}, ` ↻${actor.restarts}`) : null),
        el('td', {class: 'n bar', part: `${actor.rate / top * 100}%`}, number(actor.rate, 1)),
        el('td', {class: `n ${actor.mailbox > 1000 ? 'bad' : ''}`}, number(actor.mailbox)),
        el('td', {}, actions(actor)))))));
  }));
}

/// columns: [key, title, numeric, cell(row)]
function drawTable(name, columns, rows) {
  const order = sort[name];
  rows.sort((a, b) => {
    const [x, y] = [a[order.by], b[order.by]];
    const less = typeof x === 'number' ? x - y : String(x).localeCompare(String(y), 'en', {numeric: true});
    return (order.down ? -less : less) || String(a.name || a.id).localeCompare(String(b.name || b.id));
  });
  const heading = ([key, title, numeric]) => el('th', {scope: 'col', class: numeric ? 'n' : null,
    'aria-sort': order.by === key ? (order.down ? 'descending' : 'ascending') : null},
  key ? el('button', {type: 'button', 'data-focus': `sort ${key}`, on: {click: () => {
    sort[name] = {by: key, down: order.by === key ? !order.down : Boolean(numeric)};
    draw();
  }}}, title) : title);
  return el('table', {}, el('thead', {}, el('tr', {}, columns.map(heading))),
    el('tbody', {}, rows.map((row) => el('tr', {}, columns.map(([key, , kind, cell]) =>
      el('td', {class: kind === true ? 'n' : kind || null}, cell ? cell(row) : typeof row[key] === 'number' ? number(row[key]) : row[key]))))));
}

function drawActors() {
  const rows = actorsOf(state).filter((actor) => matches(actor.id, actor.host, actor.state, actor.failure))
    .map((actor) => ({...actor, mean: meanMicros(actor)}));
  return drawTable('actors', [
    ['id', 'actor'], ['host', 'host'], ['state', 'state', false, (row) => badge(row.state)],
    ['rate', 'msg/s', true, (row) => number(row.rate, 1)], ['mailbox', 'mailbox', true], ['mean', 'handler', true, (row) => micros(row.mean)],
    ['handled', 'handled', true], ['restarts', 'restarts', true], ['swaps', 'swaps', true], ['epoch', 'epoch', true, (row) => row.epoch || ''],
    ['failure', 'last failure', 'wide faint'], ['', '', false, actions]], rows);
}

function drawTree() {
  const branch = (host, actors, parent) => {
    const children = actors.filter((actor) => actor.parent === parent && actor.id !== parent);
    return children.length === 0 ? null : el('ul', {}, children.map((actor) => el('li', {},
      actor.id, ' ', badge(actor.state), el('span', {class: 'faint'},
        `  ${number(actor.rate, 1)}/s${actor.mailbox ? `  ${number(actor.mailbox)} waiting` : ''}${actor.restarts ? `  ↻${actor.restarts}` : ''}  `),
      actions({...actor, host: host.name}), branch(host, actors, actor.id))));
  };
  return el('div', {class: 'cards tree'}, state.hosts.map((host) => el('article', {class: 'card'}, el('h2', {}, host.name), branch(host, host.actors, ''))));
}

function drawNodes() {
  const rows = state.nodes.filter((node) => matches(node.name, node.state));
  const table = drawTable('nodes', [['name', 'node'], ['state', 'state', false, (row) => [badge(row.state), row.schedulable ? '' : ' cordoned']], ['pods', 'pods', true]], rows);
  return el('div', {}, table, more(state.nodes.length, state.nodeCounts.total));
}

function drawPods() {
  const rows = state.pods.filter((pod) => matches(`${pod.namespace}/${pod.name}`, pod.phase, pod.node, pod.ip));
  const table = drawTable('pods', [['namespace', 'namespace'], ['name', 'pod'], ['ready', 'ready', true, (row) => `${row.ready}/${row.containers}`],
    ['phase', 'status', false, (row) => badge(row.phase)], ['restarts', 'restarts', true], ['node', 'node'], ['ip', 'address', 'mono']], rows);
  return el('div', {}, table, more(state.pods.length, state.podCounts.total));
}

const more = (shown, total) => shown < total ? el('p', {class: 'faint'}, `${number(total - shown)} more are not listed; those that are not well come first.`) : null;

// ---- acting ----

/// Asks for a confirmation, perhaps with a word; null: cancelled.
function confirm({title, text, yes, label, choices}) {
  $('confirm-title').textContent = title;
  $('confirm-text').textContent = text;
  $('confirm-yes').textContent = yes;
  $('confirm-field').hidden = !label;
  $('confirm-label').textContent = label || '';
  $('confirm-input').value = choices && choices.length === 1 ? choices[0] : '';
  $('confirm-input').required = Boolean(label);
  $('confirm-choices').replaceChildren(...(choices || []).map((value) => el('option', {value})));
  const dialog = $('confirm');
  dialog.returnValue = '';
  $('confirm-no').onclick = () => dialog.close('no'); // no submit button: Enter in the field means yes
  const held = document.activeElement && document.activeElement.dataset.focus;
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener('close', () => {
    focusAgain(held); // the view may have been drawn anew meanwhile
    resolve(dialog.returnValue === 'yes' ? $('confirm-input').value.trim() : null);
  }, {once: true}));
}

async function act(command, done, host) {
  say(`${command.join(' ')} …`, 'good');
  try {
    await ask('/troupe/v1/actions', {command, host});
    say(done, 'good');
  } catch (error) {
    say(`${command.join(' ')}: ${error.message}`);
  }
  refresh();
}

async function kill(actor) {
  const answer = await confirm({title: `Kill ${actor.id}?`, yes: 'Kill',
    text: `It fails on ${actor.host} as if it had met an error; its supervisor restarts it, and nothing durable is lost.`});
  if (answer !== null) act(['kill', actor.id], `${actor.id} was killed`, actor.host);
}

async function move(actor) {
  const hosts = state.hosts.map((host) => host.name).filter((name) => name !== actor.host);
  const host = await confirm({title: `Move ${actor.id}`, yes: 'Move', label: 'to host', choices: hosts,
    text: `It starts there, catches up, takes over, and then ends on ${actor.host}.`});
  if (host) act(['move', actor.id, host], `${actor.id} moved to ${host}`);
}

async function swap(actor) {
  const file = await confirm({title: `Swap the code of ${actor.id}`, yes: 'Swap', label: `plugin's file on ${actor.host}`,
    text: 'Its state is handed over. A version that fails within 30 s is rolled back by itself; troupe swap --history tells.'});
  if (file) act(['swap', actor.id, file, '30000'], `${actor.id} runs ${file}, on probation`, actor.host);
}

// ---- start ----

function show(name) {
  view = name;
  location.hash = name;
  draw();
}

$('tabs').addEventListener('click', (event) => { if (event.target.dataset.view) show(event.target.dataset.view); });
$('filter').addEventListener('input', draw);
$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token').value = '';
  refresh();
});
document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|TEXTAREA)$/.test(event.target.tagName) || $('confirm').open;
  if (event.key === 'Escape' && event.target === $('filter')) { $('filter').value = ''; draw(); event.target.blur(); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') { event.preventDefault(); $('filter').focus(); }
  else if (event.key === 'p') { paused = !paused; if (paused) { clearTimeout(timer); draw(); } else refresh(); }
  else if (views[event.key - 1]) show(views[event.key - 1]);
});
document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else if (!paused && $('login').hidden) refresh(); });

(async () => {
  const hash = location.hash.slice(1);
  if (views.includes(hash)) view = hash;
  const invitation = /^token=([0-9a-f]+)$/.exec(hash);
  if (invitation) {
    history.replaceState(null, '', location.pathname); // good for one use; not to be left in the address
    try {
      token = (await ask('/troupe/v1/session', {token: invitation[1]})).token;
    } catch (error) {
      return signIn({message: 'that address has been used or is too old; run `troupe ui` again'});
    }
  }
  refresh();
})();
