"""Bodies: payloads to send, forms and multipart both ways."""
