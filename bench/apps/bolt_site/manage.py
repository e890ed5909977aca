"""Starts the project: `python -m bolt_site.manage runbolt`."""

import os

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bolt_site.settings")
    execute_from_command_line()
