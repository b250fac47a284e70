"""How things are told to people: in their language, with numbers and dates as they write them."""
