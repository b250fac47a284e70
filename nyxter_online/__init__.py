"""What we know: (customers, events, time) -> (customers, outputs); no Kafka, Redis or clock."""
