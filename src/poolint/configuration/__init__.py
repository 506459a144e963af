"""How engines and pools are configured: constants, URLs, and what is made of them."""
