"""Pure values and decisions: no I/O, no clock, no library that does I/O. Everything takes `now`."""
