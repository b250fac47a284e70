"""A customer forgotten (LGPD, art. 18): asked for by an event, then followed until it is so.

The segmenter does the forgetting, by an event like any other; here is who asks for it, looks
whether every part has really gone, and says so in a receipt without personal data.
"""
