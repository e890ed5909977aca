"""PROJECT_NAME: start it with `triode dev`, then open http://127.0.0.1:8000/docs."""

from triode import Create, Field, Model, Patch, Triode

app = Triode(title="PROJECT_NAME")


class Task(Model):
    title: str = Field(unique=True, max_length=200)
    is_done: bool = False


@app.get("/tasks")
async def list_tasks(limit: int = 50, offset: int = 0) -> list[Task]:
    return await Task.where().order_by(Task.title).limit(limit).offset(offset)


@app.get("/tasks/{task_id}")
async def get_task(task_id: int) -> Task:
    return await Task.get(task_id)


@app.post("/tasks", status_code=201)
async def create_task(task: Create[Task]) -> Task:
    return await task.save()


@app.patch("/tasks/{task_id}")
async def update_task(task_id: int, changes: Patch[Task]) -> Task:
    return await (await Task.get(task_id)).update(changes)


@app.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: int) -> None:
    await (await Task.get(task_id)).delete()
