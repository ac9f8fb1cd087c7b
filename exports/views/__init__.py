"""Pages of what leaves: for staff, and for a vendor's own manager."""
