"""Every write of the act: one named function per state change, one transaction each."""
