// The pattern lab: for each experiment its few lines of code, its button and its picture.

import {bars, count, curves, html, svg, text} from './draw.js';
import {call, listen} from './server.js';

let opened = false;

export function openLab() {
  if (opened) return;
  opened = true;
  document.getElementById('experiments').replaceChildren(ring(), herd(), expiry(), write(), doll(), leaderboard(), likes(), chat(), queue(), session());
}

// A card: `run(picture, said)` draws into the one and says in the other what happened.
function card(id, title, why, code, actions) {
  const picture = html('div', {class: 'picture'});
  const said = html('p', {class: 'said', role: 'status'});
  const row = html('div', {class: 'actions'});
  const element = html('section', {class: 'card experiment', id}, html('h2', {}, title), html('p', {}, why),
    html('pre', {}, html('code', {}, code)), row, picture, said);
  const act = async (button, work) => {
    if (button) button.disabled = true;
    said.classList.remove('bad');
    try {
      await work(picture, said);
    } catch (failure) {
      said.textContent = failure.message;
    } finally {
      if (button) button.disabled = false;
    }
  };
  actions({row, picture, said, act, button(label, work, kind = '') {
    const button = html('button', {type: 'button', class: kind}, label);
    button.addEventListener('click', () => act(button, work));
    row.append(button);
    return button;
  }});
  return element;
}

const drawing = () => svg('svg', {role: 'img'});

function legend(...pairs) {
  return html('p', {class: 'hint legend'}, ...pairs.flatMap(([kind, words]) => [html('i', {class: kind}), words]));
}

function ring() {
  return card('ring', 'Modulo against the ring', 'One node more: how many keys change their place? With hash modulo n nearly all; on the ring only those that the new node takes.',
    'KetamaRing<Node> ring = KetamaRing.of(nodes);\nNode node = ring.nodeOf("user:7");', ({button}) =>
      button('Add nodes', async (picture, said) => {
        const moved = await call('lab/ring');
        const plot = drawing();
        curves(plot, [{kind: 'database', points: moved.map(one => [one.nodes, one.modulo * 100])},
          {kind: 'cache', points: moved.map(one => [one.nodes, one.ring * 100])}],
        {yLabel: value => `${Math.round(value)} %`, xLabel: value => `${Math.round(value)}`, lowest: 0, highest: 100});
        picture.replaceChildren(legend(['database', 'modulo'], ['cache', 'ring']), plot);
        const nine = moved[8];
        said.textContent = `From 9 nodes to 10: ${Math.round(nine.modulo * 100)} % of the keys move by modulo, ${(nine.ring * 100).toFixed(1)} % on the ring.`;
      }, 'main'));
}

function herd() {
  return card('herd', 'The thundering herd', 'Two hundred readers miss the same page at the same moment. Each dot is a load of the database.',
    'var pages = kit.cache("pages", Long.class, Page.class)\n    .singleFlightAcrossJvms()\n    .build(dao::render);', ({button}) =>
      button('Let them come', async (picture, said) => {
        const {readers, loadsWithout, loadsWith} = await call('lab/herd');
        const plot = svg('svg', {viewBox: '0 0 420 170', role: 'img'});
        const last = Math.max(10, ...loadsWithout, ...loadsWith);
        const dots = (times, top, tall, kind) => times.forEach((at, number) => plot.append(svg('circle', {
          cx: 20 + at / last * 380, cy: top + 8 + (number * 37 % 100) / 100 * tall, r: kind === 'cache' ? 6 : 3, class: `fill-${kind}`})));
        plot.append(text(0, 12, 'each for himself', 'strong'), text(0, 128, 'single flight', 'strong'),
          svg('line', {x1: 0, x2: 420, y1: 112, y2: 112, class: 'axis'}));
        dots(loadsWithout, 18, 80, 'database');
        dots(loadsWith, 140, 0, 'cache');
        plot.append(text(418, 168, `${last} ms`, 'end'));
        picture.replaceChildren(plot);
        said.textContent = `${readers} readers: ${loadsWithout.length} loads without, ${loadsWith.length} with single flight.`;
      }, 'main'));
}

function expiry() {
  return card('expiry', 'Expiry with jitter', 'Two thousand keys, stored together with a minute to live. When will they be gone?',
    'kit.cache("users", Long.class, User.class)\n    .ttl(Duration.ofMinutes(1)).jitter(0.25)', ({button}) =>
      button('Store them', async (picture, said) => {
        const {without, with: jittered} = await call('lab/expiry');
        const from = 40;
        const groups = without.slice(from).map((value, at) => ({label: (from + at) % 5 === 0 ? `${from + at} s` : '', bars: [
          {value: Math.min(value, 400), kind: 'database', title: `${count(value)} keys`}, {value: jittered[from + at], kind: 'cache', title: `${count(jittered[from + at])} keys`}]}));
        const plot = drawing();
        bars(plot, groups, {height: 170});
        picture.replaceChildren(legend(['database', 'without'], ['cache', 'with jitter ±25 %']), plot);
        said.textContent = `Without jitter ${count(Math.max(...without))} keys go in one second, with it at most ${count(Math.max(...jittered))}.`;
      }, 'main'));
}

function write() {
  const kinds = {HIT: 'cache', MISS: 'database', STALE: 'bad', WRITE: 'soft'};
  return card('write', 'Lazy against write-through', 'The same sixty reads and writes, three ways. Red is a reader who was told something old.',
    'var users = kit.cache("users", Long.class, User.class)\n    .writer(dao::save)   // the store first\n    .build(dao::find);', ({button}) =>
      button('Read and write', async (picture, said) => {
        const ways = await call('lab/write');
        const plot = svg('svg', {viewBox: `0 0 420 ${ways.length * 48}`, role: 'img'});
        ways.forEach((way, at) => {
          plot.append(text(0, at * 48 + 14, `${way.name}: ${way.databaseReads} database reads`));
          way.steps.forEach((step, number) => plot.append(svg('rect', {x: number * 7, y: at * 48 + 20, width: 5.4, height: step === 'WRITE' ? 22 : 16, rx: 1.5,
            class: `fill-${kinds[step]}`}, svg('title', {}, step.toLowerCase()))));
        });
        picture.replaceChildren(legend(['cache', 'hit'], ['database', 'database read'], ['bad', 'old'], ['soft', 'write']), plot);
        said.textContent = ways.map(way => `${way.name}: ${way.steps.filter(step => step === 'STALE').length} old answers`).join(' · ');
      }, 'main'));
}

function doll() {
  const PLACES = {'page/7': [150, 6, 120], 'story/A': [40, 66, 120], 'story/B': [260, 66, 120],
    'comment/1': [0, 126, 96], 'comment/2': [104, 126, 96], 'comment/3': [220, 126, 96], 'comment/4': [324, 126, 96]};
  const LINES = [['page/7', 'story/A'], ['page/7', 'story/B'], ['story/A', 'comment/1'], ['story/A', 'comment/2'], ['story/B', 'comment/3'], ['story/B', 'comment/4']];
  return card('doll', 'Russian dolls', 'Touch a comment: it, its story and the page are rendered anew (amber). The rest is still good (teal).',
    'story = Doll.of("story", 3).inside(page);\ncomment = Doll.of("comment", 5).inside(story);\nnews.touch(comment);', ({row, act}) => {
      const show = touched => act(null, async (picture, said) => {
        const {rendered} = await call('lab/doll', {doll: touched});
        const plot = svg('svg', {viewBox: '0 0 420 172', role: 'img'});
        const middle = name => PLACES[name][0] + PLACES[name][2] / 2;
        for (const [outer, inner] of LINES) plot.append(svg('line', {x1: middle(outer), y1: PLACES[outer][1] + 36, x2: middle(inner), y2: PLACES[inner][1], class: 'line-soft', 'stroke-width': 2}));
        for (const [name, [x, y, w]] of Object.entries(PLACES)) {
          plot.append(svg('rect', {x: x + 1, y, width: w - 2, height: 36, rx: 9, class: `box ${rendered.includes(name) ? 'database' : 'cache'}`}),
            text(x + w / 2, y + 23, name, 'middle strong'));
        }
        picture.replaceChildren(plot);
        said.textContent = `${rendered.length} of 7 fragments were rendered${touched ? ` after ${touched} changed` : ''}.`;
      });
      for (const name of ['comment/1', 'comment/2', 'comment/3', 'comment/4']) {
        const button = html('button', {type: 'button'}, `touch ${name}`);
        button.addEventListener('click', () => show(name));
        row.append(button);
      }
      show('');
    });
}

function leaderboard() {
  return card('leaderboard', 'Leaderboard', 'A sorted set re-ranks with each score. Barry, second of four, has rank 1: ranks count from 0. A tutorial of 2015 said 2.',
    'ZADD leaderboard 819 "Barry"\nZREVRANGE leaderboard 0 -1\nZREVRANK leaderboard "Barry"   → 1', ({row, button, act}) => {
      const draw = (picture, said, lines) => {
        const most = Math.max(...lines.map(line => line.score));
        const plot = svg('svg', {viewBox: `0 0 420 ${lines.length * 34}`, role: 'img'});
        lines.forEach((line, at) => plot.append(text(0, at * 34 + 21, `rank ${line.rank}`),
          svg('rect', {x: 52, y: at * 34 + 4, width: Math.max(4, line.score / most * 290), height: 26, rx: 6, class: line.player === 'Barry' ? 'fill-cache' : 'fill-soft'}),
          text(62, at * 34 + 22, line.player, 'strong'), text(418, at * 34 + 21, count(line.score), 'end')));
        picture.replaceChildren(plot);
        said.textContent = `Barry's rank is ${lines.find(line => line.player === 'Barry').rank}.`;
      };
      for (const player of ['Andy', 'Barry', 'Carl', 'Derek']) {
        button(`${player} +250`, async (picture, said) => draw(picture, said, await call('lab/score', {player, points: 250})));
      }
      button('Start over', async (picture, said) => draw(picture, said, await call('lab/leaderboard')));
      act(null, async (picture, said) => draw(picture, said, await call('lab/leaderboard')));
    });
}

function likes() {
  return card('likes', 'Likes and recommendations', 'Counters for the page, hashes for who said what; Jaccard and Slope One are worked out from the hashes. Click a cell to change it.',
    'INCR item:38923:likes\nHSET item:38923:ratings "Susan" 1', ({button, act}) => {
      const show = async (picture, said, {items, alike, guesses}) => {
        const people = ['Susan', 'Tommy', 'Uma', 'Viktor'];
        const cell = (item, person) => {
          const rating = item.ratings[person];
          const guess = guesses.find(one => one.item === item.name && one.person === person);
          const face = html('button', {type: 'button', title: 'like, dislike'}, rating === 1 ? '+1' : rating === -1 ? '−1' : guess ? `≈ ${Math.max(-1, Math.min(1, guess.rating)).toFixed(1)}` : '?');
          face.addEventListener('click', () => act(face, async () => show(picture, said, await call('lab/rate', {item: item.name, person, rating: rating === 1 ? -1 : 1}))));
          return html('td', {}, face);
        };
        picture.replaceChildren(html('div', {class: 'scroll'}, html('table', {},
          html('thead', {}, html('tr', {}, html('th', {}, ''), ...people.map(name => html('th', {}, name)), html('th', {}, 'likes'), html('th', {}, 'dislikes'))),
          html('tbody', {}, ...items.map(item => html('tr', {}, html('td', {}, item.name), ...people.map(person => cell(item, person)),
            html('td', {}, String(item.likes)), html('td', {}, String(item.dislikes))))))));
        said.textContent = `Alike (Jaccard): ${alike.map(pair => `${pair.one} and ${pair.other} ${pair.jaccard.toFixed(2)}`).join(', ')}. ≈ is Slope One's guess.`;
      };
      button('Start over', async (picture, said) => show(picture, said, await call('lab/likes')));
      act(null, async (picture, said) => show(picture, said, await call('lab/likes')));
    });
}

function chat() {
  return card('chat', 'Chat', 'Publish and subscribe: who is there hears it. Open this page in a second window. Kept messages greet newcomers.',
    'SUBSCRIBE chat:114\nPUBLISH chat:114 "Hello all"\nLPUSH chat:114:history "Hello all"', ({row, picture, said, act}) => {
      const talk = html('div', {class: 'talk', role: 'log', 'aria-label': 'Chat'});
      picture.append(talk);
      const who = html('input', {'aria-label': 'Your name', size: '8', maxlength: '20'});
      who.value = `guest ${Math.floor(Math.random() * 90 + 10)}`;
      const words = html('input', {'aria-label': 'Message', placeholder: 'Hello all', maxlength: '200'});
      const keep = html('input', {type: 'checkbox', id: 'keep'});
      const send = html('button', {type: 'button', class: 'main'}, 'Say');
      const say = () => act(send, async () => {
        const {listeners} = await call('lab/say', {who: who.value, words: words.value || 'Hello all', keep: keep.checked});
        words.value = '';
        said.textContent = `${listeners} ${listeners === 1 ? 'listener' : 'listeners'} heard it.`;
      });
      send.addEventListener('click', say);
      words.addEventListener('keydown', event => { if (event.key === 'Enter') say(); });
      row.append(who, words, send, html('label', {class: 'hint', for: 'keep'}, 'keep it'), keep);
      const hear = () => listen('lab/listen', undefined, message => {
        if (!message.text) { talk.dataset.live = 'yes'; return; }
        const [name, ...rest] = message.text.split(': ');
        talk.append(html('p', {}, html('b', {}, name), ` ${rest.join(': ')}`));
        while (talk.childElementCount > 100) talk.firstElementChild.remove();
        talk.scrollTop = talk.scrollHeight;
      }).catch(() => { talk.dataset.live = 'no'; });
      hear();
    });
}

function queue() {
  return card('queue', 'A queue that loses nothing', 'An item in hand lies in the worker’s own list. Anna is killed in the middle; what she had goes back to the front.',
    'LMOVE queue in-hand:anna RIGHT LEFT  # take\nLMOVE in-hand:anna done LEFT LEFT    # done\nLMOVE in-hand:anna queue LEFT RIGHT  # recover', ({button}) =>
      button('Work', async (picture, said) => {
        const moments = await call('lab/queue');
        const plot = svg('svg', {viewBox: '0 0 420 176', role: 'img'});
        picture.replaceChildren(plot);
        for (const [number, moment] of moments.entries()) {
          plot.replaceChildren();
          [['waiting', moment.waiting, 'soft'], ['anna', moment.anna, 'database'], ['bert', moment.bert, 'database'], ['done', moment.done, 'cache']].forEach(([name, items, kind], at) => {
            plot.append(text(0, at * 44 + 26, name, 'strong'));
            items.forEach((item, place) => plot.append(svg('rect', {x: 66 + place * 58, y: at * 44 + 6, width: 52, height: 30, rx: 7, class: `fill-${kind}`}),
              text(92 + place * 58, at * 44 + 25, item.replace('item ', '#'), 'middle strong')));
          });
          said.textContent = `${number + 1} of ${moments.length}: ${moment.event}`;
          await new Promise(later => setTimeout(later, 450));
        }
      }, 'main'));
}

function session() {
  return card('session', 'Session store', 'Ann shops while servers come and go. A session in a server’s memory is lost; one in the cache is not.',
    'HINCRBY session:7f3a basket 1\nEXPIRE session:7f3a 1800', ({button}) =>
      button('Go shopping', async (picture, said) => {
        const {steps, secondsLeft} = await call('lab/session');
        const row = step => html('tr', {}, html('td', {}, step.server), html('td', {}, step.event), html('td', {}, String(step.inOwnMemory)), html('td', {}, String(step.inCache)));
        picture.replaceChildren(html('div', {class: 'scroll'}, html('table', {},
          html('thead', {}, html('tr', {}, ...['', '', 'own memory', 'cache'].map(name => html('th', {}, name)))), html('tbody', {}, ...steps.map(row)))));
        said.textContent = `At the end the server’s own memory knows ${steps.at(-1).inOwnMemory} thing, the cache all ${steps.at(-1).inCache}; the session has ${secondsLeft} s to live.`;
      }, 'main'));
}
