"""What an article needs: its state, and the job that makes its header. Nothing is written."""
