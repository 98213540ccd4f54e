"""What messages carry: each format and subprotocol has a viewer that recognises it and makes it readable."""
