"""How it moves: the Faust app, the batch lane, the cache and the command line."""
