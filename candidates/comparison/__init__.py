"""A comparison of samplers: what is compared, the judges, the statistics, the report."""
