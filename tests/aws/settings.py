"""What several tests say in the same words."""

from botocore.config import Config

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/freshmark"
BUCKET = "arn:aws:s3:::lake"

# A client that reports the first refusal, where the usual ones wait and try again.
ONCE = Config(retries={"total_max_attempts": 1})
