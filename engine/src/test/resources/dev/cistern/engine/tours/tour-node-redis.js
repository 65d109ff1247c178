// Every data type through node-redis: arguments are the port and the protocol.
const assert = require('assert');
const { createClient } = require('redis');

const [port, protocol] = process.argv.slice(2).map(Number);

async function main() {
  const r = createClient({ socket: { port }, RESP: protocol });
  r.on('error', (e) => { throw e; });
  await r.connect();
  const other = r.duplicate();
  other.on('error', (e) => { throw e; });
  await other.connect();
  await r.flushAll();
  assert.strictEqual(await r.set('s', 'v'), 'OK');
  assert.strictEqual(await r.get('s'), 'v');
  assert.strictEqual(await r.append('s', 'w'), 2);
  assert.strictEqual(await r.incrBy('n', 5), 5);
  assert.deepStrictEqual(await r.mGet(['s', 'none']), ['vw', null]);
  assert.strictEqual(await r.setBit('bits', 7, 1), 0);
  assert.strictEqual(await r.bitCount('bits'), 1);

  assert.strictEqual(await r.rPush('l', ['a', 'b', 'c']), 3);
  assert.deepStrictEqual(await r.lRange('l', 0, -1), ['a', 'b', 'c']);
  const waiting = other.blPop('later', 10);
  setTimeout(() => r.rPush('later', 'here'), 100);
  assert.deepStrictEqual({ ...(await waiting) }, { key: 'later', element: 'here' });

  assert.strictEqual(await r.sAdd('set', ['x', 'y']), 2);
  assert.deepStrictEqual([...(await r.sMembers('set'))].sort(), ['x', 'y']);
  assert.strictEqual(await r.zAdd('z', [{ score: 1, value: 'one' }, { score: 2.5, value: 'two' }]), 2);
  assert.strictEqual(await r.zScore('z', 'two'), 2.5);
  assert.deepStrictEqual((await r.zRangeWithScores('z', 0, -1)).map((e) => ({ ...e })),
    [{ value: 'one', score: 1 }, { value: 'two', score: 2.5 }]);

  assert.strictEqual(await r.hSet('h', { f: '1', g: '2' }), 2);
  assert.deepStrictEqual({ ...(await r.hGetAll('h')) }, { f: '1', g: '2' });
  assert.deepStrictEqual(await r.sendCommand(['HEXPIRE', 'h', '100', 'FIELDS', '1', 'f']), [1]);

  const id = await r.xAdd('x', '*', { k: 'v' });
  assert.strictEqual((await r.xRange('x', '-', '+'))[0].id, id);
  assert.strictEqual(await r.xGroupCreate('x', 'g', '0'), 'OK');
  assert.ok(JSON.stringify(await r.xReadGroup('g', 'me', { key: 'x', id: '>' })).includes(id));
  assert.strictEqual(await r.xAck('x', 'g', id), 1);

  assert.ok(await r.pfAdd('p', ['a', 'b', 'c']));
  assert.strictEqual(await r.pfCount('p'), 3);
  await r.geoAdd('geo', [{ longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
    { longitude: 15.087269, latitude: 37.502669, member: 'Catania' }]);
  assert.strictEqual(Number(await r.geoDist('geo', 'Palermo', 'Catania', 'km')), 166.2742);

  assert.deepStrictEqual(await r.multi().incr('n').get('n').exec(), [6, '6']);
  assert.deepStrictEqual(await r.eval('return {KEYS[1], ARGV[1]}', { keys: ['k'], arguments: ['a'] }), ['k', 'a']);

  const message = new Promise((resolve) => {
    other.pSubscribe('news.*', (text, channel) => resolve([text, channel]))
      .then(() => r.publish('news.today', 'hello'));
  });
  assert.deepStrictEqual(await message, ['hello', 'news.today']);

  const found = [];
  for await (const keys of r.scanIterator({ MATCH: 'set*' })) {
    found.push(...[keys].flat());
  }
  assert.deepStrictEqual(found, ['set']);
  await assert.rejects(r.incr('s'), /not an integer/);
  assert.ok((await r.info()).includes('valkey_version'));
  r.destroy();
  other.destroy();
  console.log('all done');
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
