"""kill -9 at random moments under writers and watchers."""
