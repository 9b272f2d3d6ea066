"""Who must trade: funds, panic, speculators, snowball desks and the state; and the ledger of it all."""
