"""What a model class says: fields, relations, constraints, and the types of columns."""
