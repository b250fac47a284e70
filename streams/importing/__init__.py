"""Files of an ERP come in: detected, read, converted, sifted, and published as events."""
