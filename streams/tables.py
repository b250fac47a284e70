"""Every table: customers, whose state the lanes keep under Faust's table."""

import faust


def customers_table(app: faust.App, partitions: int) -> faust.Table:
    """Return the table of customers by id; its changelog is written by the lanes."""
    return app.Table("customers", partitions=partitions, key_type=str, value_type=bytes)
