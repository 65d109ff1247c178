# The load of a cluster by redis-py: what ClusterLoad says of it, by threads of this process.
#   python3 -c "$(cat load-redis-py.py)" host port name threads pause-millis counters
# It answers lines of its input: "span" with "span <calls> <longest call in milliseconds>" since the last one, and "end",
# when all that was written has been looked for, with "end <acknowledged> <keys> <errors> <lost> <wrong>". What went wrong stands
# in lines before.
import logging
import sys
import threading
import time

from redis.cluster import RedisCluster

host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
threads, pause, counters = int(sys.argv[4]), int(sys.argv[5]) / 1000, int(sys.argv[6])
# Older versions log each redirection that they follow as if it were an error.
logging.disable(logging.CRITICAL)
client = RedisCluster(host=host, port=port, decode_responses=True)
ending = threading.Event()
lock = threading.Lock()
calls, longest, totals = 0, 0.0, {"acked": 0, "keys": 0, "error": 0, "lost": 0, "wrong": 0}


def count(kind, number=1, text=None):
    with lock:
        totals[kind] += number
        if text:
            print(text, flush=True)


def timed(call, *arguments):
    global calls, longest
    start = time.perf_counter()
    try:
        return call(*arguments)
    finally:
        took = time.perf_counter() - start
        with lock:
            calls += 1
            longest = max(longest, took)


def span():
    global calls, longest
    with lock:
        print(f"span {calls} {longest * 1000:.3f}", flush=True)
        calls, longest = 0, 0.0


class Worker(threading.Thread):
    def __init__(self, prefix):
        super().__init__(daemon=True)
        self.prefix = prefix
        self.next = 0
        self.unsure = set()
        self.counters = [0] * counters
        self.unsure_increments = [0] * counters

    def key(self, number):
        return f"{self.prefix}:{number}"

    def counter(self, number):
        return f"{self.prefix}:counter:{number}"

    def run(self):
        while not ending.is_set():
            try:
                self.step()
            except Exception as error:
                count("error", text=f"{self.prefix}: {type(error).__name__} {error}")
            time.sleep(pause)

    def step(self):
        number, key = self.next, self.key(self.next)
        self.next += 1
        self.unsure.add(number)
        timed(client.set, key, f"value of {key}")
        self.unsure.discard(number)
        count("acked")
        self.same(key, timed(client.get, key))
        self.increment(number % counters)

    def increment(self, number):
        self.unsure_increments[number] += 1
        found = timed(client.incr, self.counter(number))
        self.unsure_increments[number] -= 1
        count("acked")
        self.same_counter(number, 1, found)
        self.counters[number] = found
        self.unsure_increments[number] = 0

    def same(self, key, found):
        if found is None:
            count("lost", text=f"{key} is gone")
        elif found != f"value of {key}":
            count("wrong", text=f"{key} is {found}")

    def same_counter(self, number, more, found):
        expected = self.counters[number] + more
        if found < expected:
            count("lost", expected - found, f"{self.counter(number)} is {found} and not {expected}")
        elif found > expected + self.unsure_increments[number]:
            count("wrong", text=f"{self.counter(number)} is {found} and not {expected}")

    def check(self):
        count("keys", self.next + min(counters, self.next))
        for number in range(self.next):
            if number not in self.unsure:
                self.same(self.key(number), client.get(self.key(number)))
        for number in range(min(counters, self.next)):
            self.same_counter(number, 0, int(client.get(self.counter(number)) or 0))


workers = [Worker(f"{name}:{number}") for number in range(threads)]
for worker in workers:
    worker.start()
for line in sys.stdin:
    if line.strip() == "span":
        span()
    else:
        ending.set()
        for worker in workers:
            worker.join()
            worker.check()
        print("end", *totals.values(), flush=True)
        break
