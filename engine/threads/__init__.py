"""How threads meet: mailboxes, fixed slots, workers."""
