"""The repository around the articles: git, paths, durable writes, locks, discovery."""
