"""An audit for people, pull requests, programs and monitoring; each form is one file."""
