"""The day second by second: sessions, order flow, impact and its decay, limits, execution's closed forms."""
