// Every data type through ioredis: arguments are the port and the protocol.
const assert = require('assert');
const Redis = require('ioredis');

const [port, protocol] = process.argv.slice(2).map(Number);
const options = { port, protocol, maxRetriesPerRequest: 1 };

async function main() {
  const r = new Redis(options);
  const other = new Redis(options);
  await r.flushall();
  assert.strictEqual(await r.set('s', 'v', 'PX', 100000), 'OK');
  assert.ok((await r.pttl('s')) > 0);
  assert.strictEqual(await r.append('s', 'w'), 2);
  assert.strictEqual(await r.incrby('n', 5), 5);
  assert.strictEqual(Number(await r.incrbyfloat('f', 0.5)), 0.5);
  assert.deepStrictEqual(await r.mget('s', 'none'), ['vw', null]);
  assert.strictEqual(await r.setbit('bits', 7, 1), 0);
  assert.deepStrictEqual(await r.bitfield('bits', 'SET', 'u8', 8, 200, 'GET', 'u8', 8), [0, 200]);

  assert.strictEqual(await r.rpush('l', 'a', 'b', 'c'), 3);
  assert.deepStrictEqual(await r.lrange('l', 0, -1), ['a', 'b', 'c']);
  assert.strictEqual(await r.lmove('l', 'l2', 'LEFT', 'RIGHT'), 'a');
  const waiting = other.blpop('later', 10);
  setTimeout(() => r.rpush('later', 'here'), 100);
  assert.deepStrictEqual(await waiting, ['later', 'here']);

  assert.strictEqual(await r.sadd('set', 'x', 'y'), 2);
  assert.deepStrictEqual([...(await r.smembers('set'))].sort(), ['x', 'y']);
  assert.strictEqual(Number(await r.sismember('set', 'x')), 1);

  assert.strictEqual(await r.zadd('z', 1, 'one', 2.5, 'two'), 2);
  assert.strictEqual(Number(await r.zscore('z', 'two')), 2.5);
  assert.deepStrictEqual((await r.zrange('z', 0, -1, 'WITHSCORES')).flat().map(String), ['one', '1', 'two', '2.5']);
  assert.strictEqual(await r.zrank('z', 'two'), 1);

  assert.strictEqual(await r.hset('h', { f: '1', g: '2' }), 2);
  assert.deepStrictEqual({ ...(await r.hgetall('h')) }, { f: '1', g: '2' });
  assert.deepStrictEqual(await r.call('HEXPIRE', 'h', '100', 'FIELDS', '1', 'f'), [1]);

  const id = await r.xadd('x', '*', 'k', 'v');
  assert.deepStrictEqual(await r.xrange('x', '-', '+'), [[id, ['k', 'v']]]);
  assert.strictEqual(await r.xgroup('CREATE', 'x', 'g', '0'), 'OK');
  assert.ok(JSON.stringify(await r.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 'x', '>')).includes(id));
  assert.strictEqual(await r.xack('x', 'g', id), 1);

  assert.strictEqual(await r.pfadd('p', 'a', 'b', 'c'), 1);
  assert.strictEqual(await r.pfcount('p'), 3);
  assert.strictEqual(await r.geoadd('geo', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2);
  assert.strictEqual(Number(await r.geodist('geo', 'Palermo', 'Catania', 'km')), 166.2742);

  assert.deepStrictEqual(await r.multi().incr('n').get('n').exec(), [[null, 6], [null, '6']]);
  assert.deepStrictEqual(await r.eval('return {KEYS[1], ARGV[1]}', 1, 'k', 'a'), ['k', 'a']);
  r.defineCommand('twice', { numberOfKeys: 0, lua: 'return ARGV[1] * 2' });
  assert.strictEqual(await r.twice(21), 42);
  const results = await r.pipeline().set('a', 1).incr('a').lpush('a', 'x').exec();
  assert.ok(results[1][1] === 2 && /WRONGTYPE/.test(results[2][0].message));

  await other.psubscribe('news.*');
  const message = new Promise((resolve) => other.on('pmessage', (...all) => resolve(all)));
  assert.strictEqual(await r.publish('news.today', 'hello'), 1);
  assert.deepStrictEqual(await message, ['news.*', 'news.today', 'hello']);

  const found = [];
  for await (const keys of r.scanStream({ match: 'set*' })) {
    found.push(...keys);
  }
  assert.deepStrictEqual(found, ['set']);
  assert.ok((await r.info()).includes('valkey_version'));
  r.disconnect();
  other.disconnect();
  console.log('all done');
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
