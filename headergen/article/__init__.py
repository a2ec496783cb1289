"""An article: its bytes, what its frontmatter asks for, and how that is edited."""
