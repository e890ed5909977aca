"""An admin: what is listed, searched, filtered and done with rows."""

from datetime import datetime

from triode import (
    Admin,
    Field,
    ForeignKey,
    Inline,
    ManyToMany,
    Model,
    ModelAdmin,
    Request,
    Triode,
    action,
    display,
    utcnow,
)
from triode.db import Query

app = Triode(title="The Daily Valve")
admin = Admin(app, title="Newsroom")


class Author(Model):
    name: str = Field(max_length=80, unique=True)


class Tag(Model):
    name: str = Field(max_length=40, unique=True)


class Post(Model):
    title: str = Field(max_length=120)
    author: Author | None = ForeignKey(on_delete="set null", related_name="posts")
    tags: list[Tag] = ManyToMany(related_name="posts")
    body: str = ""
    is_published: bool = False
    created: datetime = Field(default_factory=utcnow, read_only=True)


class Comment(Model):
    post: Post = ForeignKey(on_delete="cascade", related_name="comments")
    text: str = Field(max_length=500)


class CommentInline(Inline):
    model = Comment


@admin.register(Post)
class PostAdmin(ModelAdmin):
    list_display = ["title", "author", "is_published", "length", "created"]
    list_filter = ["is_published", "author", "created"]
    search_fields = ["title", "author.name"]
    ordering = ["-created"]
    inlines = [CommentInline]

    @display("Length", ordering="body")
    def length(self, post: Post) -> str:
        return f"{len(post.body.split())} words"

    @action("Publish", permission="post.publish")
    async def publish(self, request: Request, posts: Query[Post]) -> str:
        changed = await posts.update(is_published=True)
        return f"{changed} posts are out."


admin.register(Author, search_fields=["name"])
admin.register(Tag)
