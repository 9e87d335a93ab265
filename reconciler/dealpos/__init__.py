"""dealpos."""
