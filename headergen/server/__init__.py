"""Ask an image server for a picture: what each kind takes, and a client with bounds."""
