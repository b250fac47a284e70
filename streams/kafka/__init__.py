"""What Kafka is asked, by whatever room: topics, groups, offsets. Stands on settings alone."""
