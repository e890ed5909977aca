"""One module per kind of type; `order` says in which order they are asked."""
