"""Requests that are almost right."""
