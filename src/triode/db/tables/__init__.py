"""What a model is in the database: its table, keys and columns, and how they are made."""
