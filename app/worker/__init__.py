"""APScheduler and the ticks that it calls."""
