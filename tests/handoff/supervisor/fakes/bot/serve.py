import json
import os

import fake
import redis

stop = fake.begin()
key = f"{{silta}}:bot:alive:{os.getpid()}"
redis.Redis.from_url(os.environ["SILTA_REDIS_URL"]).set(key, json.dumps({"pid": os.getpid()}), px=60_000)
fake.end(stop)
