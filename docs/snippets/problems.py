from triode import HTTPException, Triode

app = Triode(problem_details=True)


@app.get("/orders/{number}")
async def show_order(number: int) -> dict[str, int]:
    if number > 100:
        raise HTTPException(404, {"detail": "There is no such order.", "last": 100})
    return {"number": number}
