"""The commands, a module each: `run(arguments)` does the work and returns the exit code."""
