"""Tests of what protects people at the door."""
