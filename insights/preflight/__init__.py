"""What is looked at before a study opens: faults, costs, capacity and power."""
