"""The AWS provider: functions on Lambda and objects in S3."""
