"""How broker and Redis are reached: settings, clients' configuration, checks with plain words.

Every client of the project is made by `streams.access.kafka.kafka_access` or
`streams.access.redis.redis_client`, so that how we prove who we are is said in one place.
"""
