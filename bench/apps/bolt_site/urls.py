"""No Django view: every path belongs to the BoltAPI."""

urlpatterns: list[object] = []
