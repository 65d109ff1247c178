# Every data type through redis-py: arguments are the port and the protocol.
import sys
import threading
import redis

port, protocol = int(sys.argv[1]), int(sys.argv[2])
if protocol == 3 and int(redis.__version__.split('.')[0]) < 5:
    print('too old for RESP3')
    sys.exit(0)
more = {'protocol': 3} if protocol == 3 else {'protocol': 2} if int(redis.__version__.split('.')[0]) >= 5 else {}
r = redis.Redis(port=port, decode_responses=True, **more)
r.flushall()

assert r.ping() and r.set('s', 'v', px=100000) and 0 < r.pttl('s') <= 100000
assert r.get('s') == 'v' and r.append('s', 'w') == 2 and r.getrange('s', 1, 1) == 'w' and r.strlen('s') == 2
assert r.incrby('n', 5) == 5 and float(r.incrbyfloat('f', '0.5')) == 0.5 and r.mset({'a': '1', 'b': '2'})
assert r.mget('a', 'b', 'none') == ['1', '2', None] and r.set('a', '3', nx=True) is None and r.getdel('a') == '1'
assert r.setbit('bits', 7, 1) == 0 and r.bitcount('bits') == 1 and r.bitpos('bits', 1) == 7
assert r.bitfield('bits').set('u8', 8, 200).get('u8', 8).execute() == [0, 200]

assert r.rpush('l', *'abc') == 3 and r.lrange('l', 0, -1) == ['a', 'b', 'c'] and r.lpop('l') == 'a'
assert r.lmove('l', 'l2') == 'b' and r.linsert('l', 'before', 'c', 'x') == 2 and r.lpos('l', 'c') == 1
assert list(r.blpop('l', 1)) == ['l', 'x']
other = redis.Redis(port=port, decode_responses=True, **more)
threading.Timer(0.1, lambda: other.rpush('later', 'here')).start()
assert list(r.blpop('later', 10)) == ['later', 'here']

assert r.sadd('set', 'x', 'y', 'z') == 3 and r.smembers('set') == {'x', 'y', 'z'} and r.sismember('set', 'x')
assert r.sadd('set2', 'y', 'w') == 2 and r.sinter('set', 'set2') == {'y'} and r.smove('set', 'set2', 'x')
assert r.spop('set2') in {'x', 'y', 'w'} and r.scard('set') == 2

assert r.zadd('z', {'one': 1, 'two': 2.5, 'three': 3}) == 3 and r.zscore('z', 'two') == 2.5
assert [tuple(pair) for pair in r.zrange('z', 0, -1, withscores=True)] == [('one', 1), ('two', 2.5), ('three', 3)]
assert r.zincrby('z', 2, 'one') == 3 and r.zrank('z', 'two') == 0 and r.zcount('z', 0, 3) == 3
assert r.zrangebyscore('z', '(2.5', '+inf') == ['one', 'three'] and list(map(tuple, r.zpopmin('z', 1))) == [('two', 2.5)]

assert r.hset('h', mapping={'f': '1', 'g': '2'}) == 2 and r.hgetall('h') == {'f': '1', 'g': '2'}
assert r.hincrby('h', 'f', 4) == 5 and r.hmget('h', 'f', 'none') == ['5', None] and r.hdel('h', 'g') == 1
assert r.execute_command('HEXPIRE', 'h', '100', 'FIELDS', '1', 'f') == [1]
assert 0 < r.execute_command('HTTL', 'h', 'FIELDS', '1', 'f')[0] <= 100

first = r.xadd('x', {'k': 'v'})
assert r.xlen('x') == 1 and r.xrange('x')[0] == (first, {'k': 'v'}) and r.xgroup_create('x', 'g', '0')
read = r.xreadgroup('g', 'me', {'x': '>'})
assert first in str(read) and r.xpending('x', 'g')['pending'] == 1 and r.xack('x', 'g', first) == 1
assert r.xinfo_stream('x')['length'] == 1 and r.xtrim('x', maxlen=0) == 1

assert r.pfadd('p', *'abcd') == 1 and r.pfcount('p') == 4
assert r.geoadd('geo', (13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania')) == 2
assert abs(r.geodist('geo', 'Palermo', 'Catania', 'km') - 166.2742) < 0.001
assert r.geosearch('geo', longitude=15, latitude=37, radius=200, unit='km', sort='ASC') == ['Catania', 'Palermo']

with r.pipeline(transaction=True) as pipe:
    pipe.watch('n')
    pipe.multi()
    pipe.incr('n')
    pipe.get('n')
    assert pipe.execute() == [6, '6']
script = r.register_script('return {KEYS[1], ARGV[1], redis.call("get", KEYS[1])}')
assert script(keys=['n'], args=['x']) == ['n', 'x', '6']
assert r.function_load('#!lua name=tour\nredis.register_function("twice", function(k, a) return a[1] * 2 end)',
                       replace=True) == 'tour' and r.fcall('twice', 0, 21) == 42

pubsub = r.pubsub()
pubsub.psubscribe('news.*')
assert pubsub.get_message(timeout=10)['type'] == 'psubscribe'
assert other.publish('news.today', 'hello') == 1
message = pubsub.get_message(timeout=10)
assert message['type'] == 'pmessage' and message['data'] == 'hello'
pubsub.close()

assert set(r.scan_iter(match='set*')) == {'set', 'set2'} and r.dbsize() > 10 and r.type('z') == 'zset'
assert r.object('encoding', 'n') == 'int' and r.expire('n', 10) and r.persist('n') and r.copy('n', 'n2')
assert r.restore('n3', 0, redis.Redis(port=port).dump('n')) and r.get('n3') == '6'
assert r.info()['valkey_version'] and r.client_setname('tour') and r.client_getname() == 'tour'
try:
    r.incr('s')
    assert False
except redis.ResponseError as e:
    assert 'not an integer' in str(e)
print('all done')
