"""A system compared with its oracles: profiles, outputs, and what Redis holds of them."""
