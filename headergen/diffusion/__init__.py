"""Pictures from a diffusion model, painted in a child process."""
