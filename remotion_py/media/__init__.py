"""What FFmpeg does: encoding frames, and what we know of codecs."""
