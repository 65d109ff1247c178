// Small drawings in SVG, without a library. Elements are made, never written as text: what a database answers is data.

const NAMESPACE = 'http://www.w3.org/2000/svg';

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function text(x, y, words, kind = '') {
  return svg('text', {x, y, class: kind}, words);
}

export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// 1,234 / 12.3 ms / 0.214 ms: three figures are enough to compare.
export function millis(value) {
  if (value < 0) return '–';
  if (value >= 1000) return `${(value / 1000).toPrecision(3)} s`;
  return `${value >= 100 ? Math.round(value) : value.toPrecision(value < 1 ? 2 : 3)} ms`;
}

export const count = number => number.toLocaleString('en-US');

// A scale on which 0.1 ms and 10 s both can be seen.
export function logScale(lowest, highest, from, to) {
  const low = Math.log10(lowest);
  const span = Math.log10(highest) - low || 1;
  return value => from + (Math.log10(Math.max(value, lowest)) - low) / span * (to - from);
}

export function decades(lowest, highest) {
  const all = [];
  for (let value = lowest; value <= highest * 1.0001; value *= 10) all.push(Number(value.toPrecision(1)));
  return all;
}

export function roundDown(value) {
  return 10 ** Math.floor(Math.log10(value));
}

export function roundUp(value) {
  return 10 ** Math.ceil(Math.log10(value));
}

// Bars side by side in groups: [{label, bars: [{value, kind, title}]}].
export function bars(target, groups, {width = 420, height = 200, format = count} = {}) {
  const most = Math.max(1, ...groups.flatMap(group => group.bars.map(bar => bar.value)));
  const floor = height - 24;
  const step = (width - 10) / groups.length;
  const shapes = [svg('line', {x1: 0, x2: width, y1: floor, y2: floor, class: 'axis'})];
  groups.forEach((group, at) => {
    const room = Math.min(step * 0.8, 90 * group.bars.length);
    const each = room / group.bars.length;
    group.bars.forEach((bar, number) => {
      const tall = bar.value / most * (floor - 22);
      const x = 5 + at * step + (step - room) / 2 + number * each;
      shapes.push(svg('rect', {x: x + each * 0.06, y: floor - tall, width: Math.max(1, each * 0.88), height: tall, rx: Math.min(3, each / 4),
        class: `fill-${bar.kind}`}, svg('title', {}, bar.title ?? format(bar.value))));
      if (groups.length * group.bars.length <= 12) {
        shapes.push(text(x + each / 2, floor - tall - 5, format(bar.value), 'middle'));
      }
    });
    if (group.label !== '') shapes.push(text(5 + at * step + step / 2, height - 8, group.label, 'middle'));
  });
  target.setAttribute('viewBox', `0 0 ${width} ${height}`);
  target.replaceChildren(...shapes);
}

// Curves over a common x: [{kind, points: [[x, y]]}]; on a logarithmic y if told.
export function curves(target, lines, {width = 420, height = 230, xLabel = value => value, yLabel = value => value,
  logarithmic = false, xTicks = 6, lowest, highest} = {}) {
  const points = lines.flatMap(line => line.points);
  if (points.length === 0) { target.replaceChildren(); return; }
  const xs = points.map(point => point[0]);
  const ys = points.map(point => point[1]);
  const bottom = lowest ?? (logarithmic ? roundDown(Math.min(...ys)) : 0);
  const top = highest ?? (logarithmic ? roundUp(Math.max(...ys) * 1.01) : Math.max(...ys));
  const [left, floor, ceiling] = [52, height - 24, 10];
  const [firstX, lastX] = [Math.min(...xs), Math.max(...xs)];
  const x = value => left + (value - firstX) / (lastX - firstX || 1) * (width - left - 22);
  const y = logarithmic ? logScale(bottom, top, floor, ceiling) : value => floor - (value - bottom) / (top - bottom || 1) * (floor - ceiling);
  const shapes = [];
  const ticks = logarithmic ? decades(bottom, top) : [0, 1, 2, 3, 4].map(part => bottom + part / 4 * (top - bottom));
  for (const value of ticks) {
    shapes.push(svg('line', {x1: left, x2: width - 22, y1: y(value), y2: y(value), class: 'axis'}));
    shapes.push(text(left - 8, y(value) + 4, yLabel(value), 'end'));
  }
  for (let part = 0; part < xTicks; part++) {
    const value = firstX + part / (xTicks - 1) * (lastX - firstX);
    shapes.push(text(x(value), height - 6, xLabel(value), 'middle'));
  }
  for (const line of lines) {
    shapes.push(svg('path', {class: `curve line-${line.kind}`,
      d: line.points.map((point, at) => `${at ? 'L' : 'M'}${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`).join('')}));
  }
  target.setAttribute('viewBox', `0 0 ${width} ${height}`);
  target.replaceChildren(...shapes);
}
