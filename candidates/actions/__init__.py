"""Every write about what is compared that somebody asks for."""
