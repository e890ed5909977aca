from dataclasses import dataclass

from triode import Triode
from triode.middleware import MessagePack

app = Triode()
app.add_middleware(MessagePack)


@dataclass
class Point:
    x: int
    y: int


@app.post("/points")
async def mirror(point: Point) -> Point:
    return Point(x=point.y, y=point.x)
