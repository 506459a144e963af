"""Files, modules, scopes and bindings: what stands in the code, before anything is known of types."""
