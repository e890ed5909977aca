"""Full-text search as docs/queries.md has it."""

from triode import Database, Field, ForeignKey, Model, Search, desc, search


class Post(Model):
    title: str
    body: str = ""
    is_public: bool = Field(default=True, index=True)

    class Meta:
        search = Search("title", "body", weights={"title": 4}, language="english")


class Comment(Model):
    post: Post = ForeignKey(on_delete="cascade")
    text: str


database = Database("sqlite://")
database.create_tables(Post, Comment).run()
storm = Post(title="A storm at sea", body="We were walking to the Café <b>Ocean</b>.").save().run()
calm = Post(title="Calm", body="The sea, and no storms.").save().run()
Comment(post=storm, text="Brave!").save().run()

found = search(Post, 'walk cafe or "calm sea" -storm')
posts = Post.where(found, Post.is_public == True).order_by(desc(found.relevance)).page(1).run()  # noqa: E712
shown = Post.where(found).values(
    Post.id, title=found.highlight(Post.title), text=found.snippet(Post.body, words=20)
)
hits = shown.run()

best = search(Post, "sea")
ranked = Post.where(best).order_by(desc(best.relevance)).column(Post.title).run()
typing = Post.where(search(Post, "walking to the caf", prefix=True)).column(Post.title).run()
comments = Comment.where(search(Comment.post, "walked")).column(Comment.text).run()
