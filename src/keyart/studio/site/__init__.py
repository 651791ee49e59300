"""The pages: what they say and show, in two languages, and the modules beside them."""
