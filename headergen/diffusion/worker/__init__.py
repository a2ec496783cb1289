"""The child process: the only room that imports torch and diffusers.

It runs under an interpreter that need not have headergen, so of headergen it imports the pages
that need the standard library alone, and it gets everything else as data: JSON lines on stdin
(`survey`, `paint`, `fetch`, `unpack`, `build`, `quit`), JSON lines back on stdout (`surveyed`,
`loading`, `note`, `step`, `image`, `downloading`, `storing`, `fetched`, `built`, `error`).
"""
