# A client of a cluster that changes keys of its own, remembers what they must be, and ends when its input does.
#   python3 load-redis-py.py port name seed keys
# It prints "calls <number>" from time to time, "failure <text>" when something is not as it must be, and "keys <number>"
# at its end, when it has looked at all of them once more.
import logging
import random
import sys
import threading

from redis.cluster import RedisCluster

port, name, seed, keys = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
# Older versions log each redirection that they follow as if it were an error.
logging.disable(logging.CRITICAL)
client = RedisCluster(host="127.0.0.1", port=port, decode_responses=True)
chance = random.Random(seed)
texts, counters, lists = {}, {}, {}
ended = threading.Event()


def await_end():
    sys.stdin.read()
    ended.set()


def same(key, expected, found):
    if expected != found:
        print(f"failure {key} should be {expected!r} and is {found!r}", flush=True)


def step():
    number = chance.randrange(keys)
    kind = chance.randrange(6)
    if kind == 0:
        texts[f"{name}text{number}"] = str(chance.random())
        client.set(f"{name}text{number}", texts[f"{name}text{number}"])
    elif kind == 1:
        same(f"{name}text{number}", texts.get(f"{name}text{number}"), client.get(f"{name}text{number}"))
    elif kind == 2:
        key = f"{name}counter{number}"
        counters[key] = counters.get(key, 0) + 1
        same(key, counters[key], client.incr(key))
    elif kind == 3:
        one, other, value = f"{{{name}{number}}}a", f"{{{name}{number}}}b", str(chance.random())
        texts[one] = texts[other] = value
        client.mset({one: value, other: value})
    elif kind == 4:
        key = f"{name}list{number}"
        lists[key] = lists.get(key, 0) + 1
        same(key, lists[key], client.rpush(key, "element"))
    else:
        with client.pipeline() as pipeline:
            for each in range(4):
                key = f"{name}counter{(number + each) % keys}"
                counters[key] = counters.get(key, 0) + 1
                pipeline.incr(key)
            answers = pipeline.execute()
        for each in range(4):
            key = f"{name}counter{(number + each) % keys}"
            same(key, counters[key], answers[each])


threading.Thread(target=await_end, daemon=True).start()
calls = 0
try:
    while not ended.is_set():
        step()
        calls += 1
        if calls % 20 == 0:
            print(f"calls {calls}", flush=True)
    for key, expected in texts.items():
        same(key, expected, client.get(key))
    for key, expected in counters.items():
        same(key, str(expected), client.get(key))
    for key, expected in lists.items():
        same(key, expected + 1, client.rpush(key, "last"))
except Exception as error:
    print(f"failure {type(error).__name__} {error}", flush=True)
print(f"keys {len(texts) + len(counters) + len(lists)}", flush=True)
