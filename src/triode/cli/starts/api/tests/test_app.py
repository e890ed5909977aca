from triode.testing import TestClient

MILK = {"title": "Buy milk"}


def test_task_is_created_and_found(client: TestClient) -> None:
    created = client.post("/tasks", json=MILK)
    assert created.status_code == 201
    assert created.json() == {"id": 1, "title": "Buy milk", "is_done": False}
    assert client.get("/tasks/1").json() == created.json()
    assert client.get("/tasks").json() == [created.json()]


def test_task_is_changed_and_deleted(client: TestClient) -> None:
    client.post("/tasks", json=MILK)
    assert client.patch("/tasks/1", json={"is_done": True}).json()["is_done"] is True
    assert client.delete("/tasks/1").status_code == 204
    assert client.get("/tasks/1").status_code == 404


def test_title_is_taken_once(client: TestClient) -> None:
    client.post("/tasks", json=MILK)
    assert client.post("/tasks", json=MILK).status_code == 409


def test_missing_title_is_said(client: TestClient) -> None:
    answer = client.post("/tasks", json={})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "title"]
