"""Ask an image server for a picture: what each kind takes, and a client with bounds."""

# What `image.server.dialect` may be. The config is read at every start, and needs no more of them.
DIALECT_NAMES = ("openai", "vllm-omni", "sglang", "localai", "sdcpp", "a1111")
