"""Work with FFmpeg and PyAV: encoding frames, mixing audio, reading media files, and the table of codecs."""
