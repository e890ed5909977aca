"""The tables of the benchmark."""

from django.db import models


class User(models.Model):
    email = models.TextField(unique=True)
    age = models.IntegerField()
    bio = models.TextField(null=True)

    class Meta:
        db_table = "user"


class Fortune(models.Model):
    message = models.TextField()

    class Meta:
        db_table = "fortune"
