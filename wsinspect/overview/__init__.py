"""All connections together: how they ended, when, in what numbers, and the sentences that an incident needs."""
