"""The shape of what annotators send. Forms turn names into objects; they never write."""
