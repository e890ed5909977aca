"""The Atlas: the world's countries, subdivisions, currencies and languages, by ISO's standards."""
