"""What pages show, before it has words and colours: figures read from Redis, and worked out."""
