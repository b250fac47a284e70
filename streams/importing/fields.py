"""What may be told of a purchase, a contract or a customer in a file, and how it is read."""

from enum import StrEnum
from typing import Final, NamedTuple


class What(StrEnum):
    """What the rows of a file are."""

    CONTRACTS = "contracts"
    PURCHASES = "purchases"
    CUSTOMERS = "customers"


class Reading(StrEnum):
    """How a cell is read (`streams.importing.conversion`)."""

    CUSTOMER = "customer"
    ID = "id"
    TEXT = "text"
    NAME = "name"
    DAY = "day"
    MOMENT = "moment"
    AMOUNT = "amount"
    BAND = "band"
    QUANTITY = "quantity"


class Field(NamedTuple):
    """One field: its name in the event, how it is read, and whether there is no event without.

    Attributes
    ----------
    is_key
        Whether it tells which register the row is of.

    """

    name: str
    reading: Reading
    is_required: bool = False
    is_key: bool = False


CUSTOMER_ID: Final = Field("customer_id", Reading.CUSTOMER, is_required=True, is_key=True)
RECORDED_AT: Final = Field("recorded_at", Reading.MOMENT)
CANCELLED: Final = Field("cancelled", Reading.NAME)

RECORD: Final = (
    Field("customer_type", Reading.TEXT),
    Field("segment", Reading.NAME),
    Field("revenue_band", Reading.BAND),
    Field("customer_since", Reading.DAY),
    Field("state", Reading.NAME),
    Field("city", Reading.NAME),
)
"""A customer's record, but for the attributes."""

FIELDS: Final = {
    What.CONTRACTS: (
        CUSTOMER_ID,
        Field("contract_id", Reading.ID, is_required=True, is_key=True),
        Field("product", Reading.NAME, is_required=True),
        Field("brand", Reading.NAME, is_required=True),
        Field("status", Reading.NAME, is_required=True),
        Field("signed_on", Reading.DAY, is_required=True),
        Field("hosting", Reading.NAME),
        RECORDED_AT,
    ),
    What.PURCHASES: (
        CUSTOMER_ID,
        Field("order_id", Reading.ID, is_required=True, is_key=True),
        Field("ordered_on", Reading.DAY, is_required=True),
        Field("operation_nature", Reading.TEXT, is_required=True),
        Field("value", Reading.AMOUNT),
        Field("margin", Reading.AMOUNT),
        CANCELLED,
        RECORDED_AT,
    ),
    What.CUSTOMERS: (CUSTOMER_ID, *RECORD, RECORDED_AT),
}

ID_OF: Final = {What.CONTRACTS: "contract_id", What.PURCHASES: "order_id"}
DAY_OF: Final = {What.CONTRACTS: "signed_on", What.PURCHASES: "ordered_on"}
